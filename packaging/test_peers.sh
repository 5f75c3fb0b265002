#!/bin/sh
# Make sure that the programs which the tests phone with are installed: with apt when root,
# otherwise name the missing ones and fail.
set -eu

PATH=$PATH:/usr/sbin:/sbin
missing=""
for pair in baresip:baresip sipp:sip-tester espeak-ng:espeak-ng sox:sox kamailio:kamailio; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "The tests phone the box with real programs, and these Debian packages are missing:" \
        "$missing. Install them: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing the test peers:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word per package
apt-get install -y -qq --no-install-recommends $missing
