import asyncio, time
from pathlib import Path
from tests.faults.child import Fate
from tests.faults.test_killed import World, prepare, make_key_pair, world, a_town
from tests.faults.journey import take_home
def cpu(pid):
    f=Path(f'/proc/{pid}/stat').read_text().rsplit(')',1)[1].split(); return (int(f[11]))/100, int(f[12])/100, int(f[7])
async def test_idle(world):
    async with a_town(world.prepared, world.keys, world.folder/'t') as town:
        await asyncio.sleep(0.05)
        await town.process.ready()
        await asyncio.sleep(0.5)
        pid=town.process._process.pid
        print('ready', 'cpu', cpu(pid))
        a=cpu(pid); await asyncio.sleep(3); print('idle 3s cpu', a, cpu(pid))
        a=cpu(pid); b=time.process_time(); t=time.perf_counter(); await take_home(town); print('journey cpu', a, cpu(pid), 'wall', time.perf_counter()-t, 'test cpu', time.process_time()-b)
