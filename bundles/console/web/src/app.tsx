import { useEffect, useRef } from 'preact/hooks';
import { announcement } from './announce.js';
import { followCenter, isCenter } from './center.js';
import { hasStore, health, refresh } from './fleet.js';
import { NotFound } from './pages/not-found.js';
import { DiscoverPage } from './pages/discover.js';
import { DevicePage } from './pages/device.js';
import { DeviceSettings } from './pages/device-settings.js';
import { GatewayPage } from './pages/gateway.js';
import { GatewaysPage } from './pages/gateways.js';
import { HealthPage } from './pages/health.js';
import { Overview } from './pages/overview.js';
import { RemotePage } from './pages/remote.js';
import { Header } from './parts/header.js';
import { place } from './router.js';

function page() {
  const [first, second] = place.value.path;
  if (first === undefined) return hasStore.value ? <Overview /> : <GatewaysPage />;
  if (first === 'devices' && second !== undefined) return <DevicePage key={second} id={second} />;
  if (first === 'add') return <DeviceSettings key="add" />;
  if (first === 'discover') return <DiscoverPage />;
  if (first === 'settings' && second !== undefined) return <DeviceSettings key={second} name={second} />;
  if (first === 'health') return <HealthPage />;
  if (first === 'remote') return <RemotePage />;
  if (first === 'gateways') return second === undefined ? <GatewaysPage /> : <GatewayPage key={second} id={second} />;
  return <NotFound />;
}

export function App() {
  const main = useRef<HTMLElement>(null);
  const path = place.value.path.join('/');
  const first = useRef(true);
  useEffect(() => void refresh(), []);
  useEffect(() => (isCenter.value ? followCenter() : undefined), [isCenter.value]);
  useEffect(() => {
    const node = health.value?.node.id;
    document.title = [place.value.path[1] ?? place.value.path[0], node, 'Rackwatt'].filter(Boolean).join(' · ');
  });
  useEffect(() => {
    if (first.current) first.current = false;
    else {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [path]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1}>
        {page()}
      </main>
      <div class="visually-hidden" aria-live="polite" data-testid="announcement">
        {announcement}
      </div>
    </>
  );
}
