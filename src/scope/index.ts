export { Scope, type Disposer } from './scope.js';
