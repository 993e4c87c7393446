import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProfilePoint, profiles } from '@rackwatt/device-profiles';
import { METRICS } from '@rackwatt/telemetry';
import { mibSkip, unitOfHint } from './mib.js';
import { objectsOf } from './mib-objects.js';

/** Where the MIB's words are wrong, or are taken from another object: profile and object, with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'akcp hhmsSensorArrayHumidityTestPercent': 'of older agents; newer ones have the raw value there',
  'akcp sensorHumidityRaw': 'the description names the unit, raw values are tenths of it',
  'akcp humiditySensorRaw': 'the description names the unit, raw values are tenths of it',
  'hpe-ipdu mpduTotalPercentLoad': 'the description names the unit, the devices tell tenths of it',
  'hpe-ipdu mpduOutputPercentLoad': 'the description names the unit, the devices tell tenths of it',
  'hpe-ipdu mpduOutputVoltage': 'the description names the unit, the devices tell tenths of it',
  'hpe-ipdu mpduOutputCurrent': 'the description names the unit, the devices tell hundredths of it',
  'hpe-ipdu mpduSmExtBarOutletVoltage': 'the description names the unit, the devices tell tenths of it',
  'hpe-ipdu mpduSmExtBarOutletCurrent': 'the description names the unit, the devices tell hundredths of it',
  'hpe-pdu3 pdu3InputPhaseCurrentPercentLoad': 'the description names the unit, the devices tell tenths of it',
  'hpe-pdu3 pdu3GroupVoltage': 'the description names the unit, the devices tell tenths of it',
  'hpe-pdu3 pdu3GroupCurrentPercentLoad': 'the description names the unit, the devices tell tenths of it',
  'hpe-pdu3 pdu3OutletCurrent': 'the description names the unit, the devices tell hundredths of it',
  'hpe-pdu3 pdu3OutletCurrentPercentLoad': 'the description names the unit, the devices tell tenths of it',
  'eaton-epdu humidityValue': 'the description of EATON-SENSOR-MIB says tenths of %',
  'eaton-revelation unitActivePower': 'an active power, whose description names VA',
  'apc-ats atsOutputPercentLoad': 'a percentage, whose description names VA',
  'apc-ats atsOutputBankPercentLoad': 'a percentage, whose description names VA',
  'apc-easy-pdu ePDUDeviceStatusFrequency': 'the description says Hz, the devices tell thousandths',
  'ict-pdu busVoltageX100': 'the description says times 100',
  'ict-pdu busCurrentX100': 'the description says times 100',
  'ict-pdu outputCurrentX100': 'the description says times 100',
  'janitza-umg q3': 'the description says Watt of a power that is none in watts',
  'janitza-umg s3': 'the description says Watt of a power that is none in watts',
  'janitza-umg q4': 'the description says Watt of a power that is none in watts',
  'janitza-umg s4': 'the description says Watt of a power that is none in watts',
  'janitza-umg wh3': 'the description says 0.1 kWh',
  'janitza-umg wh4': 'the description says 0.1 kWh',
  'janitza-umg qh3': 'the description says 0.1 kWh',
  'janitza-umg qh4': 'the description says 0.1 kWh',
  'janitza-umg whL1': 'the description says 0.1 kWh',
  'janitza-umg whL2': 'the description says 0.1 kWh',
  'janitza-umg whL3': 'the description says 0.1 kWh',
  'janitza-umg whL4': 'the description says 0.1 kWh',
  'janitza-umg thdULN1': 'the description says 0.1 %',
  'janitza-umg thdULN2': 'the description says 0.1 %',
  'janitza-umg thdULN3': 'the description says 0.1 %',
  'janitza-umg thdULN4': 'the description says 0.1 %',
  'janitza-umg thdIL1': 'the description says 0.1 %',
  'janitza-umg thdIL2': 'the description says 0.1 %',
  'janitza-umg thdIL3': 'the description says 0.1 %',
  'janitza-umg thdIL4': 'the description says 0.1 %',
  'riedo-updu upduRcmCurrentRms': 'UNITS are mA/10, tenths of it',
  'riedo-updu upduRcmCurrentDc': 'UNITS are mA/10, tenths of it',
  'cyberpower-pdu ePDU2SourceStatusSourceAVoltage': 'tenths, or volts where no source has four digits',
  'cyberpower-pdu ePDU2SourceStatusSourceBVoltage': 'tenths, or volts where no source has four digits',
  'cyberpower-pdu envirTemperature': 'the description says degrees, the devices tell tenths',
  'cyberpower-pdu envirTemperatureCelsius': 'the description says degrees, the devices tell tenths',
  'schleifenbauer sdbDevBranchActualCurrent': 'UNITS are those of the value shown; its type is CentiAmpere',
  'schleifenbauer sdbDevBranchActualVoltage': 'UNITS are those of the value shown; its type is CentiVolt',
  'schleifenbauer sdbDevBranchPowerFactor': 'UNITS are those of the value shown; its type is CentiPercent',
  'schleifenbauer sdbDevInActualCurrent': 'UNITS are those of the value shown; its type is CentiAmpere',
  'schleifenbauer sdbDevInActualVoltage': 'UNITS are those of the value shown; its type is CentiVolt',
  'schleifenbauer sdbDevInPowerFactor': 'UNITS are those of the value shown; its type is CentiPercent',
  'schleifenbauer sdbDevMsExtTemperature': 'UNITS are those of the value shown; its type is CentiCelsius',
  'schleifenbauer sdbDevMsIntTemperature': 'UNITS are those of the value shown; its type is CentiCelsius',
  'schleifenbauer sdbDevMsResidualCurrent': 'UNITS are those of the value shown; its type is CentiAmpere',
  'schleifenbauer sdbDevOutMtActualCurrent': 'UNITS are those of the value shown; its type is CentiAmpere',
  'schleifenbauer sdbDevOutMtActualVoltage': 'UNITS are those of the value shown; its type is CentiVolt',
  'schleifenbauer sdbDevOutMtPowerFactor': 'UNITS are those of the value shown; its type is CentiPercent',
  'schleifenbauer sdbDevTotalsActualCurrent': 'UNITS are those of the value shown; its type is CentiAmpere',
  'schleifenbauer sdbDevTotalsNeutralCurrent': 'UNITS are those of the value shown; its type is CentiAmpere',
  'schleifenbauer sdbDevTotalsPowerFactor': 'UNITS are those of the value shown; its type is CentiPercent',
  'avocent-pm pmPowerMgmtPDUTableCurrent1Value': 'the description says AMP * 10',
  'avocent-pm pmPowerMgmtPDUTableCurrent2Value': 'the description says AMP * 10',
  'avocent-pm pmPowerMgmtPDUTableCurrent3Value': 'the description says AMP * 10',
  'avocent-pm pmPowerMgmtPDUTableTemperature1Value': 'the description says degrees C * 10',
  'avocent-pm pmPowerMgmtPDUTableTemperature2Value': 'the description says degrees C * 10',
  'avocent-pm pmPowerMgmtPDUTableTemperature3Value': 'the description says degrees C * 10',
  'chatsworth-econnect cpiPduLineCurrent': 'the description says A, the devices tell hundredths',
  'chatsworth-econnect cpiPduBranchCurrent': 'the description says A, the devices tell hundredths',
  'chatsworth-econnect cpiPduBranchEnergy': 'the description names VA, the devices count ten VA seconds',
  'chatsworth-econnect cpiPduOutletCurrent': 'the description says A, the devices tell hundredths',
  'chatsworth-econnect cpiPduOutletEnergy': 'the description names W, the devices count ten watt seconds',
  'chatsworth-econnect cpiPduSensorValue': 'the type of the sensor says whether it is degrees or percent',
  'chatsworth-pdu currentxy1': 'the description says A, the range goes to 2000 or 3000 hundredths',
  'chatsworth-pdu line1curr': 'the description says A, the range goes to 2000 or 3000 hundredths',
  'chatsworth-pdu outlet1Current': 'the description says A, the range goes to 2000 or 3000 hundredths',
  'chatsworth-pdu temperatureProbe1': 'the description says degF, the range goes to 20000 hundredths',
  'chatsworth-pdu humidityProbe1': 'the description says %, the range goes to 10000 hundredths',
  'sinetica-eagle-i pduTotalEnergyValue': 'the description says 0.1 kWh',
  'sinetica-eagle-i pduMeanKVAValue': 'the description says 0.1 kVA',
  'sinetica-eagle-i pduMeanKWattsValue': 'the description says 0.1 kW',
  'tripp-lite tlpPduDeviceOutputApparentPowerTotal': 'UNITS say Watts of an apparent power',
  'tripp-lite tlpPduDeviceOutputReactivePowerTotal': 'UNITS say Watts of a reactive power',
  'tripp-lite tlpAtsDeviceOutputApparentPowerTotal': 'UNITS say Watts of an apparent power',
  'tripp-lite tlpAtsDeviceOutputReactivePowerTotal': 'UNITS say Watts of a reactive power',
};

/** The columns at hand are those of a sibling, which says other things in the same places. */
const OTHER_LAYOUT = new Set(['janitza-umg96']);

const near = (a: number, b: number): boolean => Math.abs(a / b - 1) < 1e-6;

/** A power factor and a percentage are told as ratio or in hundredths of it. */
function scaleOf({ metric, scale = 1 }: ProfilePoint, unit: string): number {
  return METRICS[metric].unit === '1' && unit === '%' ? scale * 100 : scale;
}

for (const profile of profiles()) {
  const skip = mibSkip || (OTHER_LAYOUT.has(profile.name) && `no MIB of ${profile.name} is at hand`);
  test(`${profile.name}: every scale is the one of the MIB`, { skip }, () => {
    const wrong: string[] = [];
    for (const part of profile.parts) {
      for (const point of part.points) {
        const { metric, oid, scaleFrom, units, list, states } = point;
        if (scaleFrom ?? units ?? list ?? states) continue;
        const objects = objectsOf(profile, oid);
        const told = objects.flatMap((object) => {
          const unit = unitOfHint(object);
          return unit ? [{ ...object, ...unit }] : [];
        });
        if (told.length === 0) continue;
        const fits = told.some(
          ({ unit, factor }) =>
            (unit === METRICS[metric].unit || (unit === '%' && METRICS[metric].unit === '1')) &&
            near(scaleOf(point, unit), factor),
        );
        const [{ name, hint }] = told as [(typeof told)[number], ...typeof told];
        const known = EXCEPTIONS[`${profile.name} ${name}`];
        if (!fits && known === undefined)
          wrong.push(`${part.part} ${metric}: ${name} is in ${hint}, the profile has scale ${point.scale ?? 1}`);
      }
    }
    assert.deepEqual([...new Set(wrong)], []);
  });
}
