/** Topics of administration of one gateway; it may publish and hear only these of its administration. */
export interface AdministrationTopics {
  /** Center to gateway: "look". Its content is of no importance. */
  poke: string;
  /** Gateway to center: it is there. */
  hello: string;
}

export function administrationTopics(tenant: string, gateway: string): AdministrationTopics {
  const root = `rackwatt/v1/${tenant}/${gateway}/admin`;
  return { poke: `${root}/poke`, hello: `${root}/hello` };
}
