/** Manifests for the tests of the command line. */
export const hello = `apiVersion: escale/v1
kind: App
metadata: {name: hello}
services:
  web: {image: nginx, ports: {http: 80}, routes: {main: {}}}
`

export const withJob = `apiVersion: escale/v1
kind: App
metadata: {name: hello}
services:
  web: {image: nginx, ports: {http: 80}}
jobs:
  migrate: {image: nginx, command: [migrate]}
`

export const withVolume = `apiVersion: escale/v1
kind: App
metadata: {name: hello}
volumes:
  data: {size: 1Gi}
services:
  db: {image: postgres, mode: stateful, mounts: {/data: {volume: data}}}
`
