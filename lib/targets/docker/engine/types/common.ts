/** What the kinds of the Docker Engine API share. Names are the API's own, so that its reference applies unchanged. */
export type Labels = Readonly<Record<string, string>>

/** Filters of list calls: several values of one key are alternatives, several keys must all hold. */
export type Filters = Readonly<Record<string, readonly string[]>>

/** The version a swarm object is changed at; a change with another one is refused as out of sequence (D1). */
export interface ObjectVersion {
  readonly Index: number
}

/** A swarm object: an id, a version to write against, and times in RFC 3339 with nanoseconds. */
export interface SwarmObject {
  readonly ID: string
  readonly Version: ObjectVersion
  readonly CreatedAt: string
  readonly UpdatedAt: string
}

export interface Driver {
  readonly Name: string
  readonly Options?: Readonly<Record<string, string>> | null
}

export interface Created {
  readonly ID: string
}

export interface Platform {
  readonly Architecture?: string
  readonly OS?: string
}

/** Durations of swarm specifications are nanoseconds. */
export type Nanoseconds = number
