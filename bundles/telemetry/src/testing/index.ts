/** `@rackwatt/telemetry/testing`: what every driver has to do, as tests. Only for tests. */
export { driverConformance, type DriverUnderTest } from './conformance.js';
export type { TestDevice, TestPoint } from './device.js';
