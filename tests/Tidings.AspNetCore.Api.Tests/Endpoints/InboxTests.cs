using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Endpoints;
using Tidings.Pressure;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Api.Tests.Endpoints;

/// <summary>What waits for handlers has a sum, over all connections and for each sender.</summary>
public sealed class InboxTests
{
    private readonly BodyBudget _memory = new(bytes: 80_000, share: 20_000);

    [Fact]
    public void A_small_message_that_finds_it_empty_costs_nothing_and_all_else_counts_until_it_is_taken()
    {
        var inbox = Create(1);
        Assert.Equal(InboxOutcome.Taken, inbox.Add(Message(4096)));
        Assert.Equal(0, _memory.Bytes);
        Assert.Equal(InboxOutcome.Taken, inbox.Add(Message(10)));
        Assert.Equal(InboxOutcome.Taken, inbox.Add(Message(5000)));
        Assert.Equal(5010, _memory.Bytes);
        Take(inbox, 4096);
        Assert.Equal(5010, _memory.Bytes);
        Take(inbox, 10);
        Assert.Equal(5000, _memory.Bytes);
        inbox.Discard();
        Assert.Equal(0, _memory.Bytes);
        Assert.Equal(InboxOutcome.Taken, inbox.Add(Message(5000)));
        Assert.Equal(0, _memory.Bytes);
    }

    [Fact]
    public void A_sender_over_its_share_is_refused_alone()
    {
        var inboxes = Enumerable.Range(0, 4).Select(_ => Create(1)).ToList();
        Assert.Equal([InboxOutcome.Taken, InboxOutcome.Taken, InboxOutcome.Taken, InboxOutcome.NoMemory], inboxes.Select(static inbox => inbox.Add(Message(6000))));
        Assert.Equal(InboxOutcome.Taken, Create(2).Add(Message(6000)));
        Assert.Equal(24_000, _memory.Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Peers_whose_handlers_lag_hold_no_more_than_their_address_may(bool lanes)
    {
        const int Share = 400_000;
        const int Length = 50_000;
        const int Peers = 12;
        var memory = new BodyBudget(bytes: 10 * Share, Share);
        var go = new TaskCompletionSource();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (lanes)
        {
            builder.WebHost.UseTidings();
        }

        builder.Services.AddSingleton(memory);
        builder.Services.AddTidings();
        await using var app = builder.Build();
        app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await ws.AcceptAsync();
            await go.Task;
            await ws.SendTextAsync($"{(await ws.ReceiveTextAsync())!.Length}");
        });
        await app.StartAsync();
        var port = new Uri(app.Urls.First()).Port;
        var peers = new List<RawWebSocket>();
        var answers = new List<Task<bool>>();
        for (var i = 0; i < Peers; i++)
        {
            peers.Add(await RawWebSocket.ConnectAsync(port, "/ws"));
            await peers[i].SendTextAsync(new string('a', Length));
            answers.Add(IsServedAsync(peers[i]));
        }

        // What is not refused waits, until the handlers go on.
        await Eventually.TrueAsync(() => memory.Bytes == Length * answers.Count(static answer => !answer.IsCompleted), "the rest waits");
        Assert.InRange(memory.Bytes, Share / 2, Share);
        go.SetResult();
        var served = await Task.WhenAll(answers);
        Assert.InRange(served.Count(static answered => answered), Share / Length / 2, Share / Length);
        foreach (var peer in peers)
        {
            await peer.DisposeAsync();
        }

        await Eventually.EqualAsync(0L, () => memory.Bytes, "What waits for handlers");
    }

    private static async Task<bool> IsServedAsync(RawWebSocket peer)
    {
        var message = await peer.ReceiveAsync();
        if (message.Opcode == RawFrame.CloseOpcode)
        {
            Assert.Equal(1013, BinaryPrimitives.ReadUInt16BigEndian(message.Payload));
            return false;
        }

        Assert.Equal("50000", message.Text);
        return true;
    }

    private Inbox Create(byte host) => new(_memory, Sender.Of(null, AddressKey.From(new IPAddress([10, 0, 0, host]))));

    private static InboxItem Message(int length) => InboxItem.Copy(new byte[length], isText: true);

    private static void Take(Inbox inbox, int length)
    {
        Assert.True(inbox.TryTake(out var item, out _));
        Assert.Equal(length, item.Length);
        item.Release();
    }
}
