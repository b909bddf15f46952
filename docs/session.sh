#!/usr/bin/env bash
# Sits through an interactive incident in a terminal of 80 by 24 and writes its screens
# to docs/session.md. Needs tmux and Go; everything else lies in a folder of its own,
# which is removed. Run it from the repository: docs/session.sh
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/docs/session.md
work=$(mktemp -d)
tmux() { command tmux -L firebreak-session "$@"; }
trap 'tmux kill-server 2>/dev/null || true; sleep 1; rm -rf "$work" || { sleep 3; rm -rf "$work"; }' EXIT

(cd "$root" && go build -o "$work/bin/firebreak" ./cmd/firebreak)
cp -r "$root"/playbooks/scenarios/publish-token-theft* "$work"
# The shipped scenario, and one refusal: GitHub says no to the first disabling.
sed -i.was 's/^faults:$/&\n  - { call: PUT workflow disable, nth: 1, then: refused }/' "$work/publish-token-theft.yaml"
mkdir -p "$work/home"

tmux -f /dev/null new-session -d -x 80 -y 24 -c "$work" \
  "env -i HOME=$work/home PATH=$work/bin:/usr/bin:/bin TERM=screen NO_COLOR=1 PS1='\$ ' FIREBREAK_OPERATOR=alice bash --norc --noprofile"

screen() { tmux capture-pane -p; }
keys() { tmux send-keys "$@"; sleep 0.4; }

# shot CAPTION: the screen as it is now.
shot() {
  {
    printf '\n## %s\n\n%s\n\n```\n' "$1" "$2"
    screen | sed -e 's/[[:space:]]*$//' -e :a -e '/^\n*$/{$d;N;ba' -e '}'
    printf '```\n'
  } >> "$out"
}

# settled waits until the screen has not changed for a moment.
settled() {
  local was=''
  for _ in $(seq 600); do
    local is
    is=$(screen)
    [ "$is" = "$was" ] && return
    was=$is
    sleep 0.3
  done
}

# shows TEXT: a prompt or the shell shows it now.
shows() { screen | grep -qF -- "$1"; }

# tail_line is the last line that is not empty.
tail_line() { screen | grep -v '^[[:space:]]*$' | tail -n 1 | sed 's/[[:space:]]*$//'; }

# choose LABEL: moves to a choice of the prompt and takes it.
choose() {
  for _ in $(seq 12); do
    screen | grep -qF -- "> $1" && break
    keys Down
  done
  keys Enter
  sleep 0.8
}

# until TEXT: agrees to everything until TEXT is on the screen.
until_shown() {
  for _ in $(seq 400); do
    settled
    local now name
    now=$(screen)
    case $now in *"$1"*) return ;; esac
    if [ "$(tail_line)" = '$' ]; then
      break # the command ended
    fi
    name=$(sed -n 's/^.*Type \(.*\) to confirm.*$/\1/p' <<< "$now" | tail -n 1)
    if [ -n "$name" ]; then
      keys -l "$name"
      keys Enter
    else
      case $now in
        *'Nobody has it'*) choose 'Nobody has it' ;;
        *'> Go ahead'* | *'> It is done'* | *'> Try again'*) keys Enter ;;
      esac
    fi
    sleep 0.5
  done
  shows "$1" && return
  echo "session.sh: the screen never showed: $1" >&2
  screen >&2
  exit 1
}

cat > "$out" <<'HEAD'
<!-- Written by docs/session.sh. -->
# An incident at the terminal

A rehearsal of the shipped scenario as a person sits through it, at 80 columns and 24
lines, without colours. Every screen is what the terminal showed. One thing is made
harder than it ships: GitHub refuses the first disabling of the workflow.
HEAD

keys -l 'clear; firebreak rehearse ./publish-token-theft.yaml --speed 40'
keys Enter
until_shown 'Pause here; resume later'
shot 'The first question' 'What would be done, to what, whether it can be undone, what it breaks and for whom. Above it, where the incident stands.'

keys '?'
settled
shot 'Where am I?' 'The key `?` in any question: what happens, what is proven, what is open, what comes next. The question stays.'

choose 'Show details, and a message to send'
settled
shot 'Details' 'What would be called, what is there now, the way back; and a message for whom it concerns, to be copied.'

until_shown 'This is not done, for the reason above'
shot 'An action failed' 'GitHub refused. Nothing is assumed: it is said what was sent and when, and a person decides.'
choose 'Try again'

until_shown 'irreversible action'
shot 'No way back' 'What cannot be undone wants the name typed.'

choose 'Hand over to somebody else'
keys -l 'carol'
keys Enter
settled
keys -l 'the doors are shut, AWS keys are next; npm is slow tonight'
keys Enter
until_shown 'firebreak: handed over'
shot 'Handing over' 'A note for the colleague, the signed record with a checkpoint, and a message to copy.'

keys -l 'clear; firebreak resume'
keys Enter
until_shown 'take-over'
shot 'It is hers now' 'Nobody else goes on with it, unless they say why.'

keys -l 'clear; export FIREBREAK_OPERATOR=carol; firebreak resume --speed 40'
keys Enter
until_shown 'Pause here; resume later'
shot 'The colleague goes on' 'The journal is read, what was under way is found out, and the same question comes again.'

until_shown 'step rebuild'
keys C-c
until_shown 'firebreak: '
shot 'Ctrl-C' 'What ran is recorded. The way on is the last line.'

keys -l 'clear; firebreak status'
keys Enter
settled
shot 'Where it stands, from another terminal' 'Read from the journal alone; it disturbs nobody.'

keys -l 'clear; firebreak resume --speed 40'
keys Enter
until_shown 'restore: go ahead'
shot 'Restore' 'The boundary is fixed. The workflow is enabled again, and one watched run follows.'
if shows 'with 1 '; then
  choose 'Skip, with a reason'
else
  choose 'One by one'
  until_shown 'Skip'
  shot 'One by one' 'Of several actions, each is asked for.'
  while ! shows 'Why are the others skipped?'; do
    settled
    case $(screen) in
      *'github.workflow.dispatch on'*) keys n ;;
      *'github.workflow.enable on'*) keys y ;;
    esac
    settled
  done
fi
keys -l 'nobody deploys at night; the next real run is watched'
shot 'A skip, with its reason' 'It stands in the report with the name of who said so.'
keys Enter
for _ in $(seq 120); do
  settled
  screen | tail -n 3 | grep -q '^\$' && break
done
shot 'The end' 'The score is read from the world, not from our journal.'

keys -l 'clear; firebreak verify; firebreak status'
keys Enter
settled
shot 'What is left as evidence' 'One chain, the hand-over in it, and where the incident stands.'

if grep -nE "$work|$root|$HOME" "$out"; then
  echo 'session.sh: a path of this machine is in the screens' >&2
  exit 1
fi
echo "wrote $(grep -c '^## ' "$out") screens"
