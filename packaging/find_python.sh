#!/bin/sh
# Print the path of a Python that ThunderBox runs on (3.11 or 3.12), or say how to get one.
set -eu

probe='import sys
print(sys.executable)
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'

for name in python3.12 python3.11 python3; do
    if found=$("$name" -c "$probe" 2>/dev/null); then
        if "$found" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$found"
            exit 0
        fi
        without_venv=$found
    fi
done

if [ -n "${without_venv:-}" ]; then
    echo "$without_venv has no venv module. Install it: apt-get install python3-venv" >&2
else
    echo "ThunderBox needs Python 3.11 or 3.12 (PJSIP is not built for others), and this machine" \
        "has neither. Install one: apt-get install python3 python3-venv" >&2
fi
exit 1
