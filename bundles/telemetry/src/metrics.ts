/** What can be measured, with its UCUM unit and its Prometheus name. Structure after DMTF Redfish Sensor and Circuit. */
export interface Metric {
  readonly unit: string;
  readonly kind: 'gauge' | 'counter' | 'state';
  /** Prometheus name; counters end in `_total`. */
  readonly prometheus: string;
  readonly help: string;
}

export const METRICS = {
  'power.active': { unit: 'W', kind: 'gauge', prometheus: 'rackwatt_power_active_watts', help: 'Active power' },
  'power.apparent': {
    unit: 'V.A',
    kind: 'gauge',
    prometheus: 'rackwatt_power_apparent_voltamperes',
    help: 'Apparent power',
  },
  'power.reactive': {
    unit: 'V.A',
    kind: 'gauge',
    prometheus: 'rackwatt_power_reactive_voltamperes',
    help: 'Reactive power, signed',
  },
  'power.factor': { unit: '1', kind: 'gauge', prometheus: 'rackwatt_power_factor_ratio', help: 'Power factor' },
  'current.rms': {
    unit: 'A',
    kind: 'gauge',
    prometheus: 'rackwatt_current_amperes',
    help: 'Current, root mean square',
  },
  'current.residual': {
    unit: 'A',
    kind: 'gauge',
    prometheus: 'rackwatt_current_residual_amperes',
    help: 'Residual current',
  },
  'current.residual.dc': {
    unit: 'A',
    kind: 'gauge',
    prometheus: 'rackwatt_current_residual_dc_amperes',
    help: 'Direct part of the residual current',
  },
  'current.crest': {
    unit: '1',
    kind: 'gauge',
    prometheus: 'rackwatt_current_crest_ratio',
    help: 'Crest factor of the current',
  },
  'current.thd': {
    unit: '%',
    kind: 'gauge',
    prometheus: 'rackwatt_current_thd_percent',
    help: 'Total harmonic distortion of the current',
  },
  'voltage.rms': { unit: 'V', kind: 'gauge', prometheus: 'rackwatt_voltage_volts', help: 'Voltage, root mean square' },
  'voltage.thd': {
    unit: '%',
    kind: 'gauge',
    prometheus: 'rackwatt_voltage_thd_percent',
    help: 'Total harmonic distortion of the voltage',
  },
  frequency: { unit: 'Hz', kind: 'gauge', prometheus: 'rackwatt_frequency_hertz', help: 'Line frequency' },
  'energy.active': {
    unit: 'W.h',
    kind: 'counter',
    prometheus: 'rackwatt_energy_active_watthours_total',
    help: 'Active energy',
  },
  'energy.apparent': {
    unit: 'V.A.h',
    kind: 'counter',
    prometheus: 'rackwatt_energy_apparent_voltamperehours_total',
    help: 'Apparent energy',
  },
  'energy.reactive': {
    unit: 'V.A.h',
    kind: 'counter',
    prometheus: 'rackwatt_energy_reactive_voltamperehours_total',
    help: 'Reactive energy',
  },
  'unbalance.current': {
    unit: '%',
    kind: 'gauge',
    prometheus: 'rackwatt_unbalance_current_percent',
    help: 'Unbalance of the phase currents',
  },
  'unbalance.voltage': {
    unit: '%',
    kind: 'gauge',
    prometheus: 'rackwatt_unbalance_voltage_percent',
    help: 'Unbalance of the phase voltages',
  },
  'load.percent': {
    unit: '%',
    kind: 'gauge',
    prometheus: 'rackwatt_load_percent',
    help: 'Load in percent of the rating',
  },
  'state.outlet': { unit: '1', kind: 'state', prometheus: 'rackwatt_outlet_on', help: '1 when the outlet is on' },
  'state.breaker': {
    unit: '1',
    kind: 'state',
    prometheus: 'rackwatt_breaker_closed',
    help: '1 when the breaker is closed',
  },
  'state.load': {
    unit: '1',
    kind: 'state',
    prometheus: 'rackwatt_load_normal',
    help: '1 when the device calls the load normal',
  },
  'state.contact': {
    unit: '1',
    kind: 'state',
    prometheus: 'rackwatt_contact_closed',
    help: '1 when the contact or door is closed',
  },
  'state.sensor': {
    unit: '1',
    kind: 'state',
    prometheus: 'rackwatt_sensor_ok',
    help: '1 when the device calls the sensor normal',
  },
  'state.source': {
    unit: '1',
    kind: 'state',
    prometheus: 'rackwatt_source_first',
    help: '1 when a transfer switch takes its first source',
  },
  'state.redundancy': {
    unit: '1',
    kind: 'state',
    prometheus: 'rackwatt_redundancy_ok',
    help: '1 when both sources or supplies are there',
  },
  'count.switch': {
    unit: '1',
    kind: 'counter',
    prometheus: 'rackwatt_outlet_switch_total',
    help: 'Switching operations of the outlet',
  },
  temperature: { unit: 'Cel', kind: 'gauge', prometheus: 'rackwatt_temperature_celsius', help: 'Temperature' },
  'humidity.relative': {
    unit: '%',
    kind: 'gauge',
    prometheus: 'rackwatt_humidity_relative_percent',
    help: 'Relative humidity',
  },
  dewpoint: { unit: 'Cel', kind: 'gauge', prometheus: 'rackwatt_dewpoint_celsius', help: 'Dew point' },
  'pressure.differential': {
    unit: 'Pa',
    kind: 'gauge',
    prometheus: 'rackwatt_pressure_differential_pascals',
    help: 'Differential pressure',
  },
  airflow: { unit: 'm/s', kind: 'gauge', prometheus: 'rackwatt_airflow_meters_per_second', help: 'Air velocity' },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/**
 * Words of state metrics. A sample carries the index; the list only ever grows at its end. Index 0: no state.
 */
export const STATES = [
  '',
  'unknown',
  'on',
  'off',
  'turning-on',
  'turning-off',
  'closed',
  'open',
  'tripped',
  'normal',
  'low-warning',
  'low-critical',
  'high-warning',
  'high-critical',
  'alarm',
  'ok',
  'fault',
  'unavailable',
  'source-1',
  'source-2',
] as const;

export type StateName = Exclude<(typeof STATES)[number], ''>;

const CODES = new Map<string, number>(STATES.map((name, code) => [name, code]));

/** Code of a state's word; that of `unknown` when the word is not in the list. */
export function stateCode(name: string): number {
  return CODES.get(name) ?? 1;
}
