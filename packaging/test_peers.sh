#!/bin/sh
# Make sure that the programs which the tests phone and browse with are installed: with apt when
# root, otherwise name the missing ones and fail. LiveKit's client for pages comes from npm.
set -eu

PATH=$PATH:/usr/sbin:/sbin
missing=""
for pair in baresip:baresip sipp:sip-tester espeak-ng:espeak-ng sox:sox kamailio:kamailio \
    chromium:chromium node:nodejs npm:npm; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
if [ -n "$missing" ] && [ "$(id -u)" -ne 0 ]; then
    echo "The tests call the box with real programs, and these Debian packages are missing:" \
        "$missing. Install them: sudo apt-get install$missing" >&2
    exit 1
fi
if [ -n "$missing" ]; then
    echo "Installing the test peers:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # one word per package
    apt-get install -y -qq --no-install-recommends $missing
fi

pages=$(dirname "$0")/../tests/peers/browser
if [ ! "$pages/node_modules/.package-lock.json" -nt "$pages/package-lock.json" ]; then
    echo "Installing the client of the test pages"
    npm --prefix "$pages" ci --no-audit --no-fund --ignore-scripts --loglevel=error
fi
