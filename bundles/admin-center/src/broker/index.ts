/** Rights of gateways at a mosquitto, and their doorbells. */
export type { RightsErrorCode } from './errors.js';
export { GatewayBroker, type GatewayBrokerOptions } from './gateway-broker.js';
export { mosquittoFiles, type MosquittoFiles, type MosquittoOptions, type ServiceAccess } from './mosquitto.js';
export type { BrokerGateway } from './roles.js';
