// The body of Asio's TLS, which only the test client uses: the server has an engine of its own.
#include <boost/asio/ssl/impl/src.hpp>
