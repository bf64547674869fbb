import asyncio, time, os
import pytest
from tests.faults.test_killed import World, prepare, make_key_pair, world, a_town, take_home
def cpu(pid):
    f=open(f'/proc/{pid}/stat').read().rsplit(')',1)[1].split(); return (int(f[11])+int(f[12]))/100
async def test_idle(world):
    async with a_town(world.prepared, world.keys, world.folder/'t') as town:
        t=time.perf_counter()
        await asyncio.sleep(0.05)
        await town.process.ready()
        pid=town.process._process.pid
        print('ready', time.perf_counter()-t, 'cpu', cpu(pid))
        a=cpu(pid); await asyncio.sleep(5); print('idle 5s cpu', cpu(pid)-a)
        a=cpu(pid); b=time.process_time(); t=time.perf_counter(); await take_home(town); print('journey cpu', cpu(pid)-a, 'wall', time.perf_counter()-t, 'test cpu', time.process_time()-b)
