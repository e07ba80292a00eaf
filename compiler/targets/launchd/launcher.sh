# Weathervane starts a job: sh -c "$this_text" <label> <program> [argument...]
# launchd expands neither ~ nor $HOME, and secrets have no place in a property list: both are done here.
umask 077
logs=${HOME:?}/Library/Logs/weathervane
mkdir -p "$logs" || exit 78
exec >>"$logs/$0.log" 2>&1
for secrets in "$HOME/.config/weathervane/env" "$HOME/.config/weathervane/env.$0"; do
    [ -e "$secrets" ] || [ -L "$secrets" ] || continue
    # The file is run: who else may write it could run anything here, and who else may read it has the keys.
    safe=$(find -H "$secrets" -type f -user "$(id -u)" ! -perm -040 ! -perm -020 ! -perm -004 ! -perm -002)
    if [ "$safe" != "$secrets" ]; then
        echo "$0: refusing to start: $secrets must be a file of mode 600 that $(id -un) owns"
        exit 78
    fi
    set -a
    . "$secrets"
    set +a
done
unset logs secrets safe
exec "$@"
