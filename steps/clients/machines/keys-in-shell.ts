/** `runbook keys` in shell, with openssl: the same files in the same places. */
export const MACHINE_KEYS = String.raw`
# machine_keys NAME ADDRESS URL: makes the certificates of a machine, notes where it is, and prints their folder
machine_keys() (
  umask 077
  all=\${XDG_DATA_HOME:-$HOME/.local/share}/runbook/machines
  ca=$all/.ca
  keys=$all/$1
  mkdir -p "$ca" "$keys/server"
  make_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
  sign() { # COMMON_NAME KEY CERTIFICATE EXTENSIONS
    printf '%s\n' 'keyUsage=critical,digitalSignature' "$4" >"$keys/extensions"
    openssl req -new -key "$2" -subj "/CN=$1" |
      openssl x509 -req -CA "$ca/ca.pem" -CAkey "$ca/ca-key.pem" -days 1080 -set_serial "0x$(openssl rand -hex 15)" \
        -extfile "$keys/extensions" -out "$3" 2>/dev/null
    rm "$keys/extensions"
  }
  if [ ! -s "$ca/ca.pem" ]; then
    make_key "$ca/ca-key.pem"
    openssl req -x509 -new -key "$ca/ca-key.pem" -days 3650 -subj "/CN=runbook machines of \${USER:-this user}" \
      -addext keyUsage=critical,keyCertSign,cRLSign -out "$ca/ca.pem"
  fi
  if [ ! -s "$keys/cert.pem" ]; then
    make_key "$keys/server/server-key.pem"
    sign "$1" "$keys/server/server-key.pem" "$keys/server/server.pem" \
      "$(printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:%s,IP:127.0.0.1,DNS:%s,DNS:localhost' "$2" "$1")"
    make_key "$keys/key.pem"
    sign "client of $1" "$keys/key.pem" "$keys/cert.pem" extendedKeyUsage=clientAuth
    cp "$ca/ca.pem" "$keys/ca.pem"
    cp "$ca/ca.pem" "$keys/server/ca.pem"
  fi
  printf '{"name": "%s", "driver": "docker", "ip": "%s", "url": "%s", "certificates": "%s"}\n' "$1" "$2" "$3" "$keys" >"$keys/machine.json"
  echo "$keys"
)`
  .replaceAll('\\$', '$')
  .trim();

/** `runbook keys --remove` in shell. */
export const FORGET_KEYS = String.raw`
# machine_forget NAME: removes the certificates of a machine; with the last one those that all have in common
machine_forget() (
  all=\${XDG_DATA_HOME:-$HOME/.local/share}/runbook/machines
  rm -rf "\${all:?}/$1"
  [ -d "$all" ] && [ -z "$(ls "$all")" ] && rm -rf "$all"
  return 0
)`
  .replaceAll('\\$', '$')
  .trim();
