// A field that leaves only the calls and frames of the start page that hold what is typed. Without this script the
// page shows all of them.
const index = document.querySelector('#index');
const lines = [...index.querySelectorAll('li')];

const label = document.createElement('label');
label.className = 'filter';
label.textContent = 'Show only ';
const field = document.createElement('input');
field.type = 'search';
field.placeholder = 'rooms, PATCH, typing…';
label.append(field);

const found = document.createElement('p');
found.className = 'summary';
found.setAttribute('role', 'status');
index.before(label, found);

field.addEventListener('input', () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const line of lines) {
    const text = line.textContent.toLowerCase();
    line.hidden = !words.every((word) => text.includes(word));
  }
  for (const list of index.querySelectorAll('ul')) {
    list.hidden = [...list.children].every((line) => line.hidden);
    // A list's title, and what stands between, goes with it.
    for (let above = list.previousElementSibling; above && above.tagName !== 'UL'; above = above.previousElementSibling)
      above.hidden = list.hidden && words.length > 0;
  }
  const shown = lines.filter((line) => !line.hidden).length;
  found.textContent = words.length > 0 ? `${shown} of ${lines.length}` : '';
});
