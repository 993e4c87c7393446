/** Codes of the errors that the service registry throws or reports. */
export type RegistryErrorCode =
  /** A filter that does not parse; context: `filter` (its first 200 characters), `position`. */
  | 'FILTER_SYNTAX'
  /** Nothing to register, or no contract to register it under. */
  | 'SERVICE_INVALID'
  /** Keys that differ by case only, or a value that is no scalar and no array of scalars; context: `key`. */
  | 'SERVICE_PROPERTIES'
  /** The service is gone; context: `service`. */
  | 'SERVICE_UNREGISTERED'
  /** A call on a service whose bundle was updated or stopped; context: `service`. */
  | 'SERVICE_GONE'
  /** A call of a method that the contract has, but not the service; context: `service`, `method`. */
  | 'SERVICE_METHOD_ABSENT'
  /** An object handed back that was not handed out to this bundle. */
  | 'SERVICE_OBJECT_FOREIGN'
  /** Reported: a factory threw. */
  | 'SERVICE_FACTORY_EXCEPTION'
  /** Reported: a factory gave nothing. */
  | 'SERVICE_FACTORY_ERROR'
  /** Reported: a factory asked for the very service that it was making. */
  | 'SERVICE_FACTORY_RECURSION'
  /** Reported: a service listener threw. */
  | 'SERVICE_LISTENER'
  /** Reported: a service hook threw. */
  | 'SERVICE_HOOK'
  /** A negative or unusable time-out of a tracker. */
  | 'TRACKER_TIMEOUT';
