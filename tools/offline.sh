#!/bin/sh
# Run a command with a network of the loopback device alone (Linux): offline.sh make book
# Who is not root gets the right in a name space of their own.
[ "$(id -u)" = 0 ] || root=--map-root-user
exec unshare ${root:-} --net sh -c 'ip link set lo up && exec "$@"' offline "$@"
