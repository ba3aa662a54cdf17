// An extra for the child's page and the chronology: how many events are hidden, and a button to print.

const timeline = document.querySelector('.front-timeline');
if (timeline) {
  const events = [...timeline.querySelectorAll('.front-event')];
  const said = timeline.querySelector('.front-filtered__count');
  timeline.addEventListener('change', () => {
    const shown = events.filter((each) => getComputedStyle(each).display !== 'none').length;
    said.textContent = `${shown} of ${events.length} are shown.`;
  });
}

for (const place of document.querySelectorAll('[data-print]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'govuk-button govuk-button--secondary';
  button.textContent = 'Print this page';
  button.addEventListener('click', () => window.print());
  place.append(button);
}
