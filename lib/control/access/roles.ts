/**
 * Roles and what they may do, as data (SEC-03). A role may do all that the roles before it may; what an
 * action touches says which grants count for it.
 */
export const roles = ['viewer', 'operator', 'deployer', 'owner'] as const

export type Role = (typeof roles)[number]

/**
 * Where a grant must reach for an action to be allowed:
 * - `self`: any valid token;
 * - `anywhere`: a grant of any collection;
 * - `installation`: a grant of `*`;
 * - `project`: a grant that covers the whole project;
 * - `inProject`: a grant that covers the project, or any app of it;
 * - `app`: a grant that covers the app.
 */
export type Reach = 'self' | 'anywhere' | 'installation' | 'project' | 'inProject' | 'app'

export interface ActionRule {
  readonly reach: Reach
  readonly role: Role
}

export const actions = {
  'self.read': { reach: 'self', role: 'viewer' },
  'manifest.validate': { reach: 'self', role: 'viewer' },
  'project.list': { reach: 'self', role: 'viewer' },

  'cluster.read': { reach: 'anywhere', role: 'viewer' },
  'cluster.add': { reach: 'installation', role: 'owner' },
  'node.read': { reach: 'installation', role: 'viewer' },
  'node.change': { reach: 'installation', role: 'operator' },
  'housekeeping.read': { reach: 'installation', role: 'viewer' },
  'housekeeping.reclaim': { reach: 'installation', role: 'operator' },
  'audit.readAll': { reach: 'installation', role: 'owner' },
  // Options such as host paths reach the machines of everybody, so no project's owner may allow them.
  'project.allowDangerous': { reach: 'installation', role: 'owner' },
  'project.create': { reach: 'project', role: 'owner' },
  'project.remove': { reach: 'project', role: 'owner' },
  'project.read': { reach: 'inProject', role: 'viewer' },
  'project.events': { reach: 'project', role: 'viewer' },
  'audit.read': { reach: 'project', role: 'owner' },
  'volume.read': { reach: 'project', role: 'viewer' },
  'volume.remove': { reach: 'project', role: 'deployer' },
  // Which tokens and grants exactly: those whose every grant the owner's own covers.
  'token.manage': { reach: 'anywhere', role: 'owner' },
  'grant.manage': { reach: 'anywhere', role: 'owner' },

  'app.list': { reach: 'inProject', role: 'viewer' },
  'app.read': { reach: 'app', role: 'viewer' },
  'app.plan': { reach: 'app', role: 'deployer' },
  'app.deploy': { reach: 'app', role: 'deployer' },
  'app.remove': { reach: 'app', role: 'deployer' },
  'app.approve': { reach: 'app', role: 'deployer' },
  'app.operate': { reach: 'app', role: 'operator' },
  'app.logs': { reach: 'app', role: 'viewer' },
  'app.exec': { reach: 'app', role: 'operator' },
  'app.upload': { reach: 'app', role: 'deployer' },
  'secret.read': { reach: 'app', role: 'viewer' },
  'secret.write': { reach: 'app', role: 'deployer' },
} as const satisfies Record<string, ActionRule>

export type Action = keyof typeof actions

export const rank = (role: Role): number => roles.indexOf(role)
