# SPDX-License-Identifier: Apache-2.0
"""zsh_ask.py DIR LINE: what an interactive zsh makes of LINE and a tab; LINE is to be unique."""
import os
import pty
import re
import select
import sys
import time

folder, line = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", PS1="", ZDOTDIR="/nonexistent", COLUMNS="200")
    os.execvp("zsh", ["zsh", "-f", "-i"])


def until(mark, limit=15):
    text, end = "", time.monotonic() + limit
    while mark not in text and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            text += os.read(fd, 65536).decode(errors="replace")
    return text


# The marks are spelled so that their echo does not match.
os.write(fd, f"PS1=; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; echo RE''ADY\n".encode())
until("READY")
# The shell prints the line as it stands when ctrl-x is typed: by then it is completed.
os.write(fd, b"show() { print; print -r -- LI''NE=\"$BUFFER\"; }; zle -N show; bindkey '^X' show; echo BO''UND\n")
until("BOUND")
os.write(fd, line.encode() + b"\t\x18")
seen = until("LINE=") + until("\n", 1)
os.write(fd, b"\x15exit\n")
os.waitpid(pid, 0)
found = re.search(r"LINE=([^\r\n]*)", seen)
print(found.group(1).split(" ")[-1 if not found.group(1).endswith(" ") else -2] if found else seen)
