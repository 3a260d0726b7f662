import { join } from 'node:path'
import { busyboxBase } from './busybox.ts'
import { addLibraries } from './libraries.ts'
import { searchPath } from './recipe.ts'
import type { Recipe } from './recipe.ts'

const main = `user nginx;
worker_processes auto;
error_log stderr notice;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  sendfile on;
  keepalive_timeout 75s;
  include /etc/nginx/conf.d/*.conf;
}
`

const site = `server {
  listen 80;
  server_name localhost;
  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }
}
`

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Welcome to nginx</title></head>
<body><h1>Welcome to nginx</h1><p>The server runs; its pages lie in /usr/share/nginx/html.</p></body>
</html>
`

/** Places and behaviour of the public image: conf.d, the html folder, logs on the standard streams, a soft stop on SIGQUIT. */
export const nginx: Recipe = {
  name: 'nginx',
  reference: 'escale.local/nginx:1',
  publicReference: 'docker.io/library/nginx:1',
  revision: 1,
  build: async (place) => {
    const users = [{ name: 'nginx', uid: 101, home: '/nonexistent' }]
    const { tree, unpacked } = await busyboxBase(place, ['nginx', 'nginx-common'], users)
    const program = join(unpacked.root, 'usr/sbin/nginx')
    await tree.copy(program, 'usr/sbin/nginx')
    await addLibraries(tree, unpacked.root, [program], place.signal)
    await tree.copy(join(unpacked.root, 'etc/nginx/mime.types'), 'etc/nginx/mime.types')
    tree.text('etc/nginx/nginx.conf', main)
    tree.text('etc/nginx/conf.d/default.conf', site)
    tree.text('usr/share/nginx/html/index.html', page)
    for (const path of ['var/lib/nginx', 'var/log/nginx']) tree.folder(path)
    return {
      entries: tree.entries(),
      config: {
        Env: [searchPath],
        Cmd: ['nginx', '-g', 'daemon off;'],
        StopSignal: 'SIGQUIT',
        ExposedPorts: { '80/tcp': {} },
      },
      sources: unpacked.packages,
    }
  },
}
