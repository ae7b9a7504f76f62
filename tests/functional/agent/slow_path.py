# SPDX-License-Identifier: Apache-2.0
"""The path to a host, on which what it answers is held back while a file is there.

slow_path.py FROM_PORT TO_PORT FILE: what waited comes in the pieces in which it was sent, one
after the other, so that what is said later is also heard later.
"""
import asyncio
import os
import sys

from_port, to_port, hold = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


async def ask(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def collect(reader, pieces):
    while data := await reader.read(65536):
        await pieces.put(data)
    await pieces.put(b"")


async def answer(pieces, writer):
    while data := await pieces.get():
        late = False
        while os.path.exists(hold):
            late = True
            await asyncio.sleep(0.02)
        writer.write(data)
        await writer.drain()
        if late or not pieces.empty():
            await asyncio.sleep(0.03)
    writer.close()


async def serve(reader, writer):
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to_port)
    pieces = asyncio.Queue()
    await asyncio.gather(
        ask(reader, there_writer),
        collect(there_reader, pieces),
        answer(pieces, writer),
        return_exceptions=True,
    )


async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", from_port) as server:
        await server.serve_forever()


asyncio.run(main())
