import { href } from '../router.js';

export function NotFound() {
  return (
    <section class="empty">
      <h1>There is no such page</h1>
      <a href={href([])}>To the power overview</a>
    </section>
  );
}
