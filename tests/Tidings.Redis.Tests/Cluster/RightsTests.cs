using System.Net.Sockets;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>B44: what nodes share needs no rights but those of the documentation.</summary>
public sealed class RightsTests
{
    private static string[] Rights =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "outside", "redis.md")).Single(static line => line.StartsWith("ACL SETUSER default ", StringComparison.Ordinal)).Split(' ')[5..];

    [Fact]
    public async Task The_documented_rights_are_enough_for_all_that_nodes_share()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await redis.SendAsync("ACL", "SETUSER", "operator", "on", ">operator", "~*", "&*", "+@all");
        await redis.SendAsync(["ACL", "SETUSER", "default", "resetpass", ">secret", .. Rights]);
        var address = $"{redis.Address},password=secret";
        (string, string?)[] settings = [("Tidings:Limits:ConnectionsPerUser", "10"), ("Tidings:Events:0:Url", receiver.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret)];
        await using var one = await ClusterNode.StartAsync(address, time: null, settings);
        var watch = await one.ConnectAsync("/ws/clients/ann:1?ping=frame&token=" + ClusterNode.TokenOf("ann"));
        await using (var two = await ClusterNode.StartAsync(address, time: null, settings))
        {
            var (bob, id) = await two.ConnectAsAsync("bob", "t1");
            await bob.SendTextAsync("""{"type":"subscribe","channel":"here:a","presence":true}""");
            await bob.ReceiveTextAsync();
            await one.DoAsync("/api/send", $$"""{"connection":"{{id}}","data":1}""");
            await one.DoAsync("/api/subscribe", """{"user":"bob","channel":"here:b"}""");
            var client = await two.ConnectAsync("/ws/clients/eve?ping=frame");
            await watch.SendTextAsync("""{"type":"personal","to":"eve","message":1}""");
            await client.ReceiveTextAsync();
            var (_, ticket) = await one.PostAsync("/api/tickets", "{}", ClusterNode.TokenOf("bob"));
            var shown = await two.ConnectAsync("/connect?ping=frame&ticket=" + ticket.Split('"')[3]);
            await shown.ReceiveTextAsync();
            await one.DoAsync("/api/disconnect", """{"tokenId":"t1","revoke":true}""");
            await bob.ExpectCloseInTheEndAsync(4010);
        }

        // The second node has stopped: its lease ends, and the first one takes out what it has left.
        await watch.ExpectTextAsync("""{"type":"system","message":"eve left"}""");
        await Eventually.TrueAsync(async () => (await AskAsync(redis.Port, "ZCARD tidings:leases")).Contains(":1", StringComparison.Ordinal), static () => "one lease is left");
        await Eventually.TrueAsync(() => receiver.Lines.Contains("member.left here:a bob"), "the back end is told");
        Assert.Contains("*0", await AskAsync(redis.Port, "ACL LOG"), StringComparison.Ordinal);
        Assert.Empty(one.Log);
    }

    private static async Task<string> AskAsync(int port, string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"AUTH operator operator\r\n{command}\r\nQUIT\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(10));
    }
}
