import { openDatabase } from './postgres.ts'
import { pets } from './pets.ts'
import { run } from './service.ts'

const url = process.env['DATABASE_URL']
if (url === undefined) throw new Error('DATABASE_URL is not set: postgres://user:password@host:5432/database')
const database = openDatabase(url)
run({ name: 'pets-web', ...pets(database), close: () => database.close() })
