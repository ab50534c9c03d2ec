// Reads and checks a new account's fields.
#include "net/api/registration.hpp"

#include "net/field_rules.hpp"

namespace parley {

register_user read_registration(request_body& body) {
  register_user request;
  request.username = body.required_text("username");
  request.password = body.required_text("password");
  request.email = body.text("email");
  request.phone = body.text("phone");
  request.display_name = body.text("display_name");
  request.img_url = body.text("img_url");
  if (body.refusal()) return request;
  body.require(check_username(request.username));
  body.require(check_password("password", request.password));
  if (request.email) body.require(check_email(*request.email));
  if (request.phone) body.require(check_phone(*request.phone));
  if (request.display_name) body.require(check_name("display_name", *request.display_name));
  if (request.img_url) body.require(check_image_url(*request.img_url));
  return request;
}

}  // namespace parley
