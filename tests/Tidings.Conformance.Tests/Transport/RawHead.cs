using System.Globalization;
using System.Text;
using TestKit;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>Requests as bytes, and what may follow them on the same connection.</summary>
internal static class RawHead
{
    public const string EchoPath = "/ws/echo";

    /// <summary>The head of a handshake, with headers changed or added.</summary>
    public static string Upgrade(string path = EchoPath, params (string Name, string? Value)[] headers) =>
        RawHandshake.Request(path, 80, RawHandshake.NewKey(), headers);

    public static string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    public static byte[] Bytes(string head) => Encoding.Latin1.GetBytes(head);

    public static async Task ExpectStatusAsync(this RawTcp tcp, int status)
    {
        var (actual, body) = await tcp.ReadOneResponseAsync();
        Assert.True(actual == status, $"{actual} instead of {status}: {body}");
    }

    /// <summary>Reads one response to its last byte and no further: another may stand behind it.</summary>
    public static async Task<(int Status, string Body)> ReadOneResponseAsync(this RawTcp tcp)
    {
        var head = await tcp.TakeThroughAsync("\r\n\r\n"u8.ToArray());
        var status = int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture);
        if (status == 101)
        {
            return (status, "");
        }

        if (head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            return (status, await tcp.TakeThroughAsync("0\r\n\r\n"u8.ToArray()));
        }

        var length = head.Split("\r\n").SingleOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))?.Split(':')[1];
        if (length is null)
        {
            // HTTP/1.0: to the end of the connection.
            while (await tcp.FillAsync())
            {
            }

            return (status, Encoding.Latin1.GetString(tcp.Take(tcp.Buffered.Length)));
        }

        while (tcp.Buffered.Length < int.Parse(length, CultureInfo.InvariantCulture))
        {
            Assert.True(await tcp.FillAsync(), "the connection ended in a response");
        }

        return (status, Encoding.Latin1.GetString(tcp.Take(int.Parse(length, CultureInfo.InvariantCulture))));
    }

    public static async Task<RawFrame?> ReadFrameAsync(this RawTcp tcp)
    {
        while (true)
        {
            if (RawFrame.Parse(tcp.Buffered) is { } parsed)
            {
                tcp.Take(parsed.Length);
                return parsed.Frame;
            }

            if (!await tcp.FillAsync())
            {
                return null;
            }
        }
    }

    /// <summary>The handshake is done: a text comes back.</summary>
    public static async Task ExpectEchoAsync(this RawTcp tcp, string text, bool send = true)
    {
        if (send)
        {
            await tcp.SendAsync(RawFrame.OfText(text).ToBytes());
        }

        var frame = await tcp.ReadFrameAsync();
        Assert.Equal(text, frame?.Text);
    }

    private static async Task<string> TakeThroughAsync(this RawTcp tcp, byte[] end)
    {
        int length;
        while ((length = tcp.Buffered.IndexOf(end)) < 0)
        {
            Assert.True(await tcp.FillAsync(), $"the connection ended ({tcp.Ended}) where a response should come: {Encoding.Latin1.GetString(tcp.Buffered)}");
        }

        return Encoding.Latin1.GetString(tcp.Take(length + end.Length));
    }

    /// <summary>The server ends the connection, whatever it says before.</summary>
    public static async Task ExpectEndAsync(this RawTcp tcp)
    {
        while (await tcp.FillAsync())
        {
            tcp.Take(tcp.Buffered.Length);
        }
    }
}
