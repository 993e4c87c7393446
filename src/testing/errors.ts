/** Codes of `rackwatt/testing`. */
export const TESTING_ERRORS = {
  TEST_COMPONENT_DOWN:
    'the component under test did not come up, or a bundle exports no such component; the message says why',
  TEST_LEAK: 'the component left something behind when it was deactivated; the message names it',
} as const;
