/** Bad addresses. */
import { appPath } from '../support.ts'
import type { Bad } from './bad.ts'

export const badAddresses: readonly Bad[] = [
  { name: 'an address that does not exist', method: 'GET', path: '/v1/nothing', status: 404, code: 'not-found' },
  { name: 'a method that is not possible', method: 'PUT', path: appPath, status: 405, code: 'method-not-allowed' },
  { name: 'a project that cannot be', method: 'GET', path: '/v1/projects/No_Such', status: 404, code: 'not-found' },
  { name: 'a project that goes up', method: 'GET', path: '/v1/projects/%2e%2e%2fshop', status: 404, code: 'not-found' },
  {
    name: 'an app with a control character',
    method: 'GET',
    path: '/v1/projects/shop/apps/a%00b',
    status: 404,
    code: 'not-found',
  },
  {
    name: 'an address that is not well encoded',
    method: 'GET',
    path: '/v1/projects/%zz',
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a deployment that cannot be',
    method: 'GET',
    path: `${appPath}/deployments/dep_1`,
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a deployment that does not exist',
    method: 'GET',
    path: `${appPath}/deployments/dep_${'a'.repeat(26)}`,
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a release that does not exist',
    method: 'GET',
    path: `${appPath}/releases/99`,
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a run that does not exist',
    method: 'GET',
    path: `${appPath}/runs/run_${'a'.repeat(26)}`,
    status: 404,
    code: 'not-found',
  },
  {
    name: 'an environment where the app is not',
    method: 'GET',
    path: `${appPath}?environment=staging`,
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a token that does not exist',
    method: 'GET',
    path: `/v1/tokens/tok_${'a'.repeat(26)}`,
    status: 404,
    code: 'not-found',
  },
]
