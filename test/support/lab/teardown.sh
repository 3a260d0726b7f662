#!/bin/sh
# Ends one lab by what its folder records, whoever started it and however that ended: processes by id and start
# time, network namespaces and links by slot, cgroups, data.
#   teardown.sh FOLDER   now
#   teardown.sh --on-eof TOKEN FOLDER
#     when standard input closes, which it does however its owner dies; the token keeps it from a later lab of that name
trap '' INT TERM HUP
if [ "$1" = --on-eof ]; then
  cat >/dev/null
  [ "$(cat "$3/token" 2>/dev/null)" = "$2" ] || exit 0
  shift 2
fi
folder=$1
[ -f "$folder/slot" ] || exit 0
slot=$(cat "$folder/slot")

alive() { # pid, start time: the id may belong to another process by now
  [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)" = "$2" ]
}

for round in 1 2; do
  while read -r pid started; do
    alive "$pid" "$started" && kill -9 "$pid"
  done <"$folder/pids"
done
while read -r pid started; do
  left=200
  while alive "$pid" "$started" && [ $left -gt 0 ]; do
    sleep 0.05
    left=$((left - 1))
  done
done <"$folder/pids"

for name in $(ip netns list | cut -d' ' -f1 | grep "^escale-$slot-"); do
  ip netns del "$name"
done
ip link show "escale$slot" >/dev/null 2>&1 && ip link del "escale$slot"

if [ -f "$folder/iptables" ]; then # the engine shared the host's network
  iptables-restore <"$folder/iptables"
  for link in docker0 docker_gwbridge; do
    ip link show "$link" >/dev/null 2>&1 && ip link del "$link"
  done
fi

left=40
while [ $left -gt 0 ]; do
  groups=$(find /sys/fs/cgroup -maxdepth 2 -type d -name "escale-$slot-*" 2>/dev/null)
  [ -z "$groups" ] && break
  for group in $groups; do
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
  sleep 0.05
  left=$((left - 1))
done

rm -rf "$folder"
rmdir "$(dirname "$folder")/.slots/$slot" 2>/dev/null
exit 0
