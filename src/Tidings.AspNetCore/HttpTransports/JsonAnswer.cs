using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Answers made of objects that are JSON already.</summary>
internal static class JsonAnswer
{
    // So much is written before the peer is waited for.
    private const int LargestUnflushed = 64 * 1024;

    /// <summary>Begins an answer 200, which nobody keeps.</summary>
    public static Task StartAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.StartAsync(context.RequestAborted);
    }

    /// <summary>Writes an array of <paramref name="objects"/>, no faster than the peer reads.</summary>
    public static async ValueTask WriteAsync(PipeWriter output, List<ReadOnlyMemory<byte>> objects, CancellationToken cancellationToken)
    {
        output.Write("["u8);
        var unflushed = 0;
        for (var i = 0; i < objects.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            output.Write(objects[i].Span);
            if ((unflushed += objects[i].Length) > LargestUnflushed)
            {
                await output.FlushAsync(cancellationToken);
                unflushed = 0;
            }
        }

        output.Write("]"u8);
    }
}
