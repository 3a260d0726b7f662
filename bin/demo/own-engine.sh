#!/bin/sh
# Runs an engine in FOLDER until standard input ends, which it does however the demo ends; then takes away everything
# that came with it. The line "keep" leaves the engine running.
#   own-engine.sh FOLDER NAME BRIDGE_ADDRESS [dockerd's arguments …]
folder=$1
name=$2
address=$3
shift 3

# A bridge of its own: docker0 may belong to another engine. Nothing else of the machine's network is changed.
ip link add "$name" type bridge && ip addr add "$address" dev "$name" && ip link set "$name" up || exit 1

dockerd --data-root="$folder/data" --exec-root="$folder/exec" --pidfile="$folder/pid" --host="unix://$folder/sock" \
  --bridge="$name" --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
  --exec-opt=native.cgroupdriver=cgroupfs --cgroup-parent="/$name" "$@" >"$folder/log" 2>&1 </dev/null &
engine=$!

word=
read -r word
[ "$word" = keep ] && exit 0

containerd=$(cat "$folder/exec/containerd/containerd.pid" 2>/dev/null)
kill "$engine" 2>/dev/null
left=250
while kill -0 "$engine" 2>/dev/null && [ $left -gt 0 ]; do
  sleep 0.1
  left=$((left - 1))
done
# Only what would not end when asked.
if kill -9 "$engine" 2>/dev/null && [ -n "$containerd" ]; then kill -9 "$containerd" 2>/dev/null; fi
wait "$engine" 2>/dev/null

cut -d' ' -f2 /proc/self/mounts | grep "^$folder/" | sort -r | while read -r mount; do
  umount -l "$mount"
done
# There was none before, or the engine would not have been started.
grep -q '^ *docker_gwbridge:' /proc/net/dev && ip link del docker_gwbridge
ip link del "$name"
find /sys/fs/cgroup -maxdepth 2 -type d -name "$name" 2>/dev/null | while read -r group; do
  find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
done
rm -rf "$folder"
