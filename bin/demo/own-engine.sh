#!/bin/sh
# Runs an engine in FOLDER until standard input ends, which it does however the demo ends; then takes away everything
# that came with it. The line "keep" leaves the engine running.
#   own-engine.sh FOLDER CGROUP [dockerd's arguments …]
folder=$1
cgroup=$2
shift 2
[ -d /sys/class/net/docker_gwbridge ] && had_bridge=yes

dockerd --data-root="$folder/data" --exec-root="$folder/exec" --pidfile="$folder/pid" --host="unix://$folder/sock" \
  --exec-opt=native.cgroupdriver=cgroupfs --cgroup-parent="/$cgroup" "$@" >"$folder/log" 2>&1 </dev/null &
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
kill -9 "$engine" 2>/dev/null && [ -n "$containerd" ] && kill -9 "$containerd" 2>/dev/null
wait "$engine" 2>/dev/null

cut -d' ' -f2 /proc/self/mounts | grep "^$folder/" | sort -r | while read -r mount; do
  umount -l "$mount"
done
[ -z "$had_bridge" ] && [ -d /sys/class/net/docker_gwbridge ] && ip link del docker_gwbridge
find /sys/fs/cgroup -maxdepth 2 -type d -name "$cgroup" 2>/dev/null | while read -r group; do
  find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
done
rm -rf "$folder"
