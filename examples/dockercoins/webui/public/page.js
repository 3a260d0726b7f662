const shown = (id) => document.getElementById(id)
const samples = []

async function look() {
  try {
    const response = await fetch('json', { signal: AbortSignal.timeout(3000) })
    if (!response.ok) throw new Error(`status ${response.status}`)
    draw(await response.json())
    say('Mining')
  } catch (error) {
    say(`No numbers now: ${error.message}`)
  }
}

/** Said only when it changes, so that screen readers are left in peace. */
function say(text) {
  if (shown('state').textContent !== text) shown('state').textContent = text
}

function draw({ hashes, coins, now }) {
  shown('hashes').textContent = String(hashes)
  shown('coins').textContent = String(coins)
  samples.push({ hashes, now })
  while (samples.length > 62) samples.shift()
  const rates = samples.slice(1).map((sample, index) => rateBetween(samples[index], sample))
  if (rates.length === 0) return
  const lately = samples.at(-Math.min(6, samples.length))
  shown('rate').textContent = rateBetween(lately, samples.at(-1)).toFixed(1)
  const highest = Math.max(1, ...rates)
  const points = rates.map((rate, index) => `${(300 * (index + 61 - rates.length)) / 60},${78 - (76 * rate) / highest}`)
  shown('line').setAttribute('points', points.join(' '))
}

/** A store that began anew counts from nothing again. */
function rateBetween(from, to) {
  return to.now > from.now ? Math.max(0, (to.hashes - from.hashes) / (to.now - from.now)) : 0
}

void look()
setInterval(look, 1000)
