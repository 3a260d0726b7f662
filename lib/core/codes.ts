/**
 * The one catalogue of codes. A code is a contract: it never changes its meaning and is never reused.
 * `docs/reference/errors.md` is generated from this file.
 */

export type Severity = 'error' | 'warning' | 'info'

export interface CodeInfo {
  readonly severity: Severity
  /** Status of the API's answer when this code decides it. */
  readonly httpStatus: number
  /** Exit status of the CLI when this code decides it: 1 failed, 2 usage, 3 invalid input, 4 refused or stale, 5 unreachable. */
  readonly exitCode: 0 | 1 | 2 | 3 | 4 | 5
  /** What it means, for the reference. */
  readonly meaning: string
}

const input = (meaning: string): CodeInfo => ({ severity: 'error', httpStatus: 422, exitCode: 3, meaning })
const refused = (meaning: string, httpStatus = 409): CodeInfo => ({
  severity: 'error',
  httpStatus,
  exitCode: 4,
  meaning,
})
const failed = (meaning: string, httpStatus = 500): CodeInfo => ({
  severity: 'error',
  httpStatus,
  exitCode: 1,
  meaning,
})
const unreachable = (meaning: string): CodeInfo => ({ severity: 'error', httpStatus: 503, exitCode: 5, meaning })
const usage = (meaning: string, httpStatus = 400): CodeInfo => ({ severity: 'error', httpStatus, exitCode: 2, meaning })
const advice = (severity: 'warning' | 'info', meaning: string): CodeInfo => ({
  severity,
  httpStatus: 200,
  exitCode: 0,
  meaning,
})

export const catalogue = {
  // ---- general
  'internal-error': failed('Something went wrong inside Escale; the log entry with the same trace id says more.'),
  unreachable: unreachable('A server or engine that is needed did not answer.'),
  'timed-out': unreachable('A call did not end before its deadline; it may or may not have taken effect.'),
  usage: usage('The command line or request is not of the documented form.'),

  // ---- manifest: text
  'yaml-syntax': input('The text is not valid YAML 1.2.'),
  'yaml-flow-param': input('`${name}` stands unquoted in flow style, where YAML reads its braces as a map.'),
  'yaml-ambiguous-word': input(
    'A word such as `on`, `yes` or `no` stands where text is meant; YAML 1.1 readers take it for a boolean.',
  ),
  'yaml-duplicate-key': input('A key stands twice in one map.'),
  'yaml-tag': input('A YAML tag that the manifest does not allow.'),
  'too-large': input('The input exceeds a limit on its size.'),
  'too-deep': input('The input is nested more deeply than the limit.'),
  'too-many-aliases': input('Aliases would expand the input beyond the limit.'),
  'control-character': input('A control character stands where text is meant.'),

  // ---- manifest: shape and values
  'unknown-key': input('A key that does not exist at this place.'),
  'missing-key': input('A required key is missing.'),
  'wrong-type': input('The value is of another type than the one allowed here.'),
  'not-allowed': input('The value is not among the allowed ones.'),
  'out-of-range': input('A number or length is outside its limits.'),
  'invalid-name': input('A name does not fit the grammar of names.'),
  'invalid-unit': input('A quantity (cpu, memory, duration, percentage) is not in a unit the manifest knows.'),
  'invalid-format': input('The text does not have the form required here.'),
  'duplicate-name': input('One name stands for two things of the app.'),
  'unknown-reference': input('A name refers to something that is not defined.'),
  'dependency-cycle': input('Dependencies form a cycle.'),
  conflict: input('Two settings exclude each other.'),
  'undefined-param': input('`${name}` names a parameter that is not defined.'),
  'missing-param': input('A parameter without default has no value.'),
  'unused-param-value': input('A value was given for a parameter that is not defined.'),
  'unknown-environment': input('The chosen environment is not defined in the manifest.'),
  'plain-secret': input('A literal looks like a secret.'),
  'path-outside': input('A path leads outside the folder of the manifest.'),
  'file-missing': input('A file or folder that the manifest names cannot be read.'),

  // ---- targets
  'backend-cannot': refused('The target cannot do what the manifest asks, and nothing equivalent exists there.', 422),
  'needs-grant': refused('The option is dangerous and the project has no grant for it.', 403),
  'strict-ledger': refused('`--strict` was asked for and a field is not carried over exactly.', 422),
  'no-capacity': refused('The machines cannot hold what the manifest asks.', 422),
  'image-not-found': refused('An image does not exist, or may not be read.', 422),
  'image-unavailable': {
    severity: 'error',
    httpStatus: 503,
    exitCode: 5,
    meaning: 'An image that Escale itself needs can neither be pulled nor be built on this machine.',
  },
  'image-platform': refused('The image does not exist for the platform of the workers.', 422),
  'name-taken': refused('A name, host, path or port belongs to another app.'),
  'secret-missing': refused('A secret has no value yet.', 422),
  'engine-missing': unreachable('No container engine was found.'),
  'engine-refused': failed('The container engine refused a call.', 502),

  // ---- control
  'not-found': refused('There is no such thing, or it may not be seen.', 404),
  'stale-plan': refused('The world has changed since the plan was made.'),
  'lease-held': refused('Another deployment of the same app is under way.'),
  'version-conflict': refused('Somebody else changed the record in between.'),
  'deployment-failed': failed(
    'The deployment failed; what had changed was rolled back where a good release existed.',
    409,
  ),
  'rollback-failed': failed('Rolling back failed; the app needs attention.', 409),
  drifted: failed('The world needed a write that the accepted plan did not show.', 409),
  'no-good-release': refused('There is no earlier release to go back to.'),
  'wrong-state': refused('The deployment or app is not in a state that allows this.'),
  'cluster-changed': refused('A deployed app cannot change its cluster by `deploy`.'),
  'in-use': refused('The thing is in use.'),
  'store-conflict': refused('A conditional write found another version.'),

  // ---- store
  'store-busy': unreachable('Another process kept the store locked for too long; the call may be repeated.'),
  'store-full': failed('The store cannot grow: the disk or its quota is full. Nothing was written.', 507),
  'store-readonly': failed('The store may not be written: its file or file system is read-only.', 503),
  'store-unavailable': unreachable('The store cannot be opened, read or written.'),
  'store-damaged': failed('The file of the store is damaged, or is none of Escale.'),
  'store-newer': refused('The store was written by a newer version of Escale.'),

  // ---- vault
  'vault-key-permissions': refused('The key file of the vault may be read by others than its owner.'),
  'vault-key-missing': refused('The vault exists but its key file is gone.'),
  'vault-wrong-key': refused('The key or passphrase does not open the vault.'),
  'vault-damaged': failed('A file of the vault was changed or cut off.'),
  'vault-unavailable': unreachable('The folder of the vault cannot be read or written.'),

  // ---- access
  unauthenticated: { severity: 'error', httpStatus: 401, exitCode: 4, meaning: 'No valid token was given.' },
  forbidden: refused('The token does not allow this.', 403),
  'key-reused': refused('The idempotency key was used before with another request.', 422),
  'grant-exceeds': refused('A grant would give more than the one who gives it has.', 403),

  // ---- api
  'invalid-json': usage('The body is not valid JSON in UTF-8.'),
  'request-too-large': usage('The body of the request exceeds the limit of this route.', 413),
  'headers-too-large': usage('The address and headers of the request are longer than the server takes.', 431),
  'unsupported-media-type': usage('The body is of a content type that this route does not take.', 415),
  'method-not-allowed': usage('The address exists, but not with this method.', 405),
  'already-exists': refused('A thing of this name exists already.'),
  'in-progress': refused('The first request under this idempotency key has not ended yet.'),
  interrupted: refused('The first request under this idempotency key ended without an answer.'),
  'app-mismatch': refused('The manifest names another app than the address of the request.', 422),
  'not-offered': refused('This installation does not offer this function.'),

  // ---- registry
  'invalid-image-name': input('The name of an image does not fit the grammar of image names.'),
  'invalid-image-digest': input('The digest in the name of an image is none.'),
  'registry-unauthorized': refused('The registry asks for credentials, or refused the ones it was given.', 422),
  'registry-forbidden': refused('The credentials for the registry do not allow this.', 422),
  'registry-rate-limited': unreachable('The registry refused the call because there were too many.'),
  'registry-untrusted': refused(
    'The certificate of the registry is not trusted, or the way to it is not encrypted.',
    422,
  ),
  'registry-refused': failed('The registry refused a call, or answered what no registry may answer.', 502),
  'digest-mismatch': failed('Bytes do not have the digest or size they were announced with.', 502),
  'image-unsupported': refused('The image is of a format that Escale does not read.', 422),
  'archive-invalid': input('The file is not an archive of images, or is damaged.'),
  'archive-unsafe': input('The archive has entries that lead outside it, or that no archive of images has.'),

  // ---- dockerfiles
  'anonymous-volume-named': advice(
    'warning',
    'The image declares a volume that nothing mounts; a named volume is made.',
  ),
  'df-syntax': input('The Dockerfile is not of the form that builders read.'),
  'df-unknown-instruction': input('An instruction that does not exist; the nearest one is proposed.'),
  'df-continuation': input(
    'A line continuation is followed by an empty line; the next instruction becomes part of it.',
  ),
  'df-maintainer': advice('warning', 'The instruction MAINTAINER is obsolete; a label takes its place.'),
  'df-daemonizes': advice('warning', 'The program goes to the background, so the container stops at once.'),
  'df-cache-left': advice('warning', 'The cache of the package manager stays in the layer.'),
  'df-cache-later-layer': advice('warning', 'Files deleted in a later layer still take space in the earlier one.'),
  'df-cache-order': advice('warning', 'Sources are copied before the install step, so every change repeats it.'),
  'df-many-run': advice('warning', 'Several RUN lines can be one.'),
  'df-no-multistage': advice('warning', 'Build tools stay in the image; two stages leave them behind.'),
  'df-volume-comma': advice('warning', 'Commas in a VOLUME list become part of the paths.'),
  'df-shell-form': advice('info', 'A command in shell form: signals reach the shell, not the program.'),
  'df-shell-entrypoint': advice('warning', 'An entrypoint in shell form ignores the command.'),
  'df-json-form': advice('warning', 'A list that is not valid JSON is run as a shell command.'),
  'df-add-remote': advice('warning', 'A file is fetched from the network during the build without a checksum.'),
  'df-add-local': advice('info', 'ADD where COPY does the same and nothing more.'),
  'df-root-user': advice(
    'warning',
    'The image runs as root; it runs unless the manifest or project demands otherwise.',
  ),
  'df-secret-env': advice('warning', 'A credential stands in the image.'),
  'df-package-unknown': advice('warning', 'The distribution has no package of this name.'),
  'df-file-not-copied': advice('warning', 'The command starts a file that is never copied.'),
  'df-base-eol': advice('warning', 'The base image is out of support.'),
  'df-base-unpinned': advice('warning', 'The base image has no fixed version.'),
  'df-recommends': advice('info', 'Recommended packages that nobody asked for are installed too.'),
  'df-needless-package': advice('info', 'A package that a running service does not need.'),
  'df-cd': advice('warning', '`cd` does not outlive its RUN line; WORKDIR does.'),
  'df-workdir-relative': advice('info', 'A relative WORKDIR depends on what the base image says.'),
  'df-overridden': advice('warning', 'Of several such instructions in a stage only the last one counts.'),
  'df-no-ignore-file': advice('info', 'Without a .dockerignore everything in the folder reaches the builder.'),

  // ---- command line
  'no-context': usage('The command line does not know which server to talk to.'),
  'config-damaged': input('The file that remembers servers and tokens cannot be read.'),
  'needs-confirmation': usage('The command destroys or replaces something and was not confirmed.'),
  declined: refused('The person at the terminal said no.'),
  'file-exists': refused('A file would be overwritten.'),
  'run-failed': failed('A run of a job did not succeed.'),

  // ---- doctor
  'node-old': failed('This version of Node.js is older than the oldest that Escale supports.'),
  'engine-old': failed('The container engine is older than the oldest that Escale supports.'),
  'engine-permission': failed('The socket of the container engine may not be used by this user.'),
  'swarm-inactive': advice('info', 'The engine is in no swarm yet; `escale up` turns swarm mode on.'),
  'swarm-worker': failed('The engine is a worker of a swarm, where only managers can be told what to run.'),
  'ipvs-missing': advice(
    'warning',
    'The kernel cannot balance by IPVS; names answer with the addresses of instances instead.',
  ),
  'cgroup-old': advice('warning', 'The engine uses cgroup v1, where some limits do not hold.'),
  'storage-driver': advice('warning', 'The storage driver of the engine is slow or wastes space.'),
  'disk-low': advice('warning', 'Little space is left where data and images are kept.'),
  'port-taken': advice('warning', 'Another process listens on a port that Escale would use.'),
  'config-permissions': advice('warning', 'The file with the tokens may be read by others than its owner.'),
} as const satisfies Record<string, CodeInfo>

export type Code = keyof typeof catalogue

export const codeInfo = (code: Code): CodeInfo => catalogue[code]
