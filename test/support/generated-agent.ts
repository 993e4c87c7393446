/** A generated PDU in a process of its own: `node generated-agent.js PORT`. Says when it answers. */
import { generatedAgent } from '@rackwatt/simulator/dist/generated/agent.js';

const { agent } = generatedAgent({
  family: 'raritan-px',
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  outlets: 6,
  phases: 1,
  seed: 'by-form',
  load: 'typical',
});
await agent.start();
console.log('answers');
