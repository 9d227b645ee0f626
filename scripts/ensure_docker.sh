#!/bin/sh
# Make sure a Docker engine answers: install Debian's, start it, wait for its socket.
# For machines that build from nothing (CI); needs root when there is no engine yet.
set -eu

say() { printf '%s\n' "$*" >&2; }

answers() { command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; }

if answers; then
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    say "No Docker engine answers, and only root can install one."
    say "hint: apt-get install docker.io, then start dockerd, or run as root"
    exit 1
fi
if ! command -v dockerd >/dev/null 2>&1; then
    say "installing docker.io"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        docker.io iptables >/dev/null
fi
say "starting dockerd"
setsid dockerd >/tmp/dockerd.log 2>&1 </dev/null &
tries=0
while ! answers; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ]; then
        say "dockerd did not answer within 60 s; the end of its log:"
        tail -n 20 /tmp/dockerd.log >&2
        exit 1
    fi
    sleep 1
done
