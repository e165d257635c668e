using System.Text.Json;
using Tidings.AspNetCore.Api;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>What a stream or a poll says of its members: <c>info={"channel":JSON,…}</c>.</summary>
internal static class MemberInfos
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> None = [];

    /// <returns>What is said in each channel that is named.</returns>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Read(ApiQuery query)
    {
        if (query.Text("info") is not { } text)
        {
            return None;
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            var infos = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                if (MemberInfo.Read(System.Text.Encoding.UTF8.GetBytes(entry.Value.GetRawText()), out var info) is { } fault)
                {
                    return query.Refuse($"info of a channel {fault}.", None);
                }

                infos[entry.Name] = info;
            }

            return infos;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return query.Refuse("info must be a JSON object that has the name of each channel, and what the reader says of itself there.", None);
        }
    }
}
