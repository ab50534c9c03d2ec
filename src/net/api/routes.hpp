// The files of this folder, one for each part of the REST contract; each adds its routes.
#pragma once

namespace parley {

class router;

void add_auth_routes(router& routes);
void add_me_routes(router& routes);
void add_admin_routes(router& routes);
void add_operator_routes(router& routes);
void add_user_routes(router& routes);
void add_friend_routes(router& routes);
void add_room_routes(router& routes);
void add_message_routes(router& routes);
void add_moderation_routes(router& routes);
void add_file_routes(router& routes);
void add_search_routes(router& routes);
void add_health_routes(router& routes);

}  // namespace parley
