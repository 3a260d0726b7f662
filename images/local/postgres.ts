import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { busyboxBase } from './busybox.ts'
import { addLibraries } from './libraries.ts'
import { searchPath } from './recipe.ts'
import type { Recipe } from './recipe.ts'

const home = 'usr/lib/postgresql/15'

/** The variables, start scripts and users of the public image's entrypoint, as far as apps rely on them. */
const entrypoint = `#!/bin/sh
set -e
case "\${1:-}" in -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"

as_postgres() { start-stop-daemon -S -c postgres:postgres -x "$1" -- $2; }

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 0700 "$PGDATA"
  chown -R postgres:postgres "$PGDATA"
  chown postgres:postgres /var/run/postgresql
  exec start-stop-daemon -S -c postgres:postgres -x /bin/sh -- "$0" "$@"
fi

from_file() { # NAME: the value of NAME, or what the file named by NAME_FILE holds
  eval "value=\\\${$1:-}; file=\\\${$1_FILE:-}"
  if [ -n "$file" ]; then value=$(cat "$file"); fi
  printf '%s' "$value"
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(from_file POSTGRES_PASSWORD)
  user=$(from_file POSTGRES_USER)
  user=\${user:-postgres}
  database=$(from_file POSTGRES_DB)
  database=\${database:-$user}
  method=\${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$password" ] && [ "$method" != trust ]; then
    echo 'Error: no password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, or POSTGRES_HOST_AUTH_METHOD=trust' >&2
    exit 1
  fi
  umask 077
  printf '%s\\n' "$password" >/tmp/pgpass
  initdb --username="$user" --locale=C --encoding=UTF8 $([ -n "$password" ] && echo --pwfile=/tmp/pgpass) $POSTGRES_INITDB_ARGS
  rm /tmp/pgpass
  printf '\\nhost all all all %s\\n' "$method" >>"$PGDATA/pg_hba.conf"
  PGPASSWORD=$password
  export PGPASSWORD
  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  [ "$database" = postgres ] || createdb --username "$user" "$database"
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql) psql -v ON_ERROR_STOP=1 --username "$user" --dbname "$database" -f "$script" ;;
      *.sql.gz) gunzip -c "$script" | psql -v ON_ERROR_STOP=1 --username "$user" --dbname "$database" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
fi
exec "$@"
`

export const postgres: Recipe = {
  name: 'postgres',
  reference: 'escale.local/postgres:15',
  publicReference: 'docker.io/library/postgres:15',
  revision: 1,
  build: async (place) => {
    const users = [{ name: 'postgres', uid: 999, home: '/var/lib/postgresql' }]
    const { tree, unpacked } = await busyboxBase(place, ['postgresql-15', 'postgresql-client-15', 'tzdata'], users)
    const { root } = unpacked
    // Just-in-time compilation would bring a compiler of 200 MB.
    const keep = (path: string): boolean => !/llvmjit|bitcode/.test(path)
    await tree.copy(join(root, home), home, keep)
    await tree.copy(join(root, 'usr/share/postgresql/15'), 'usr/share/postgresql/15', (path) => !path.includes('/man/'))
    await tree.copy(join(root, 'usr/share/zoneinfo'), 'usr/share/zoneinfo', (path) => !/\/(right|posix)$/.test(path))
    const files = tree.entries().flatMap(({ path, source }) => {
      const loads = path.startsWith(`${home}/bin/`) || (path.startsWith(`${home}/lib/`) && /\.so(\.|$)/.test(path))
      return loads && source.kind === 'file' ? [source.from] : []
    })
    await addLibraries(tree, root, files, place.signal)
    for (const program of await readdir(join(root, home, 'bin')))
      tree.link(`usr/local/bin/${program}`, `/${home}/bin/${program}`)
    tree.text('usr/local/bin/docker-entrypoint.sh', entrypoint, 0o755)
    const owner = { uid: 999, gid: 999 }
    tree.folder('docker-entrypoint-initdb.d')
    tree.folder('var/lib/postgresql', 0o755, owner)
    tree.folder('var/lib/postgresql/data', 0o700, owner)
    tree.folder('run/postgresql', 0o777, owner)
    return {
      entries: tree.entries(),
      config: {
        Env: [searchPath, 'PGDATA=/var/lib/postgresql/data', 'PG_MAJOR=15'],
        Entrypoint: ['docker-entrypoint.sh'],
        Cmd: ['postgres', '-c', 'listen_addresses=*'],
        StopSignal: 'SIGINT',
        Volumes: { '/var/lib/postgresql/data': {} },
        ExposedPorts: { '5432/tcp': {} },
      },
      sources: unpacked.packages,
    }
  },
}
