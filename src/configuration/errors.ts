/** Codes of the `RackwattError`s of this folder, and what each means. */
export const CONFIGURATION_ERRORS = {
  CONFIG_READ: 'the configuration file cannot be read',
  CONFIG_WRITE: 'the configuration file cannot be written; it is as it was',
  CONFIG_INVALID: 'a configuration is not what its schema asks for; `context.problems` lists everything that is wrong',
  CONFIG_CHANGED_MEANWHILE: 'the file is no longer the one that the change was made for',
  CONFIG_NOT_APPLIED: 'the node could not run with the change and goes on as before',
  CONFIG_NOT_LOADED: 'the configuration was asked for before it was loaded',
  CONFIG_GENERATION: 'a kept generation is missing or damaged',
  DURATION_INVALID: 'a duration is not written as a number and a unit',
  SECRET_MISSING: 'a configuration refers to a secret that does not exist',
  SECRET_NAME: 'a name cannot be the name of a secret',
  SECRET_VALUE: 'a value cannot be kept as a secret',
  SECRET_IN_USE: 'a secret cannot be removed while a configuration refers to it',
  SECRET_TAMPERED: 'the file of a secret was altered, or was sealed with another key',
  SECRET_KEY_MISSING: 'the key of the machine is not there although secrets are',
  SECRET_KEY_INVALID: 'the key of the machine is not 32 bytes',
  SECRET_KEY_PERMISSIONS: 'others can read the key of the machine',
} as const;
