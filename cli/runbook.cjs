#!/bin/sh
':' //; while read -r n v; do case $n$v in SigIgn:*[13579bdf]) export RUNBOOK_HANGUP=ignored; esac; done 2>/dev/null </proc/self/status; exec node --v8-pool-size=1 -- "$0" "$@"
// Two languages in one file: the shell runs the second line, Node the one below. Node forgets at its start which signals
// were ignored (`nohup`, `trap '' HUP`), so the shell tells it: the lowest bit of SigIgn is SIGHUP.
// One thread for V8's work beside the main one, not four: a step's process starts in five sixths of the time.
// Behind "--" Node takes no option of ours for its own: it has --env-file, too.
require('./main.cjs');
