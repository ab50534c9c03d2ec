// What parleyd asks of jemalloc, which reads it before main() begins; MALLOC_CONF may say otherwise (jemalloc(3)).

extern "C" {
/// What was freed goes back to the system about a second later in place of ten, where its arena is in use: after a
/// burst of messages, memory of which most is free would else count as the node's. See docs/decisions/0032.
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:1000";
}
