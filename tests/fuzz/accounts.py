"""Waits for a fresh server, makes its administrator by the printed link, and the accounts that the fuzz acts as."""

import json
import re
import sys
import time
import urllib.request

PASSWORD = "nine calm otters paint fences 42"
# Who the other phases of the fuzz act as.
MEMBERS = ["leaver", "member"]


def ask(address, path, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request(f"{address}/api/v1/{path}", data, headers)))


def setup_token(address, printed):
    for _ in range(600):
        found = re.search(r"setup#token=(\S+)", open(printed, encoding="utf-8").read())
        try:
            urllib.request.urlopen(f"{address}/health/ready")
            if found:
                return found.group(1)
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit("the server did not start in 30 seconds")


if __name__ == "__main__":
    address, printed = sys.argv[1:]
    admin = {
        "token": setup_token(address, printed),
        "name": "admin",
        "display_name": "Admin",
        "password": PASSWORD,
        "space_name": "Fuzz",
        "transport": "token",
    }
    token = ask(address, "auth/setup", body=admin)["access_token"]
    for name in MEMBERS:
        ask(address, "users", token, {"name": name, "display_name": name, "password": PASSWORD})
    # Something to be read, and timed.
    channel = ask(address, "sync", token)["channels"][0]["id"]
    ask(address, f"channels/{channel}/messages", token, {"text": "hello"})
