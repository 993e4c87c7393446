// Literal paths, so that packing the bundle inlines the files. One line a family, in the order of the names.
export const DOCUMENTS: readonly unknown[] = [
  require('../profiles/apc-ats.json'),
  require('../profiles/apc-easy-pdu.json'),
  require('../profiles/apc-easy-pdu-text.json'),
  require('../profiles/apc-rpdu.json'),
  require('../profiles/apc-rpdu2.json'),
  require('../profiles/apc-xpdu.json'),
  require('../profiles/aten-pe.json'),
  require('../profiles/eaton-epdu.json'),
  require('../profiles/geist-v3.json'),
  require('../profiles/geist-v4.json'),
  require('../profiles/gude.json'),
  require('../profiles/raritan-px.json'),
  require('../profiles/tripp-lite.json'),
  require('../profiles/tripplite-12x.json'),
  require('../profiles/vertiv-v5.json'),
];
