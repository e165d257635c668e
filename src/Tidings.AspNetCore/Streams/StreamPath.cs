using Microsoft.AspNetCore.Http;
using Tidings.Protocol;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Streams;

/// <summary>The path of a stream, which is its name.</summary>
/// <param name="Name">That.</param>
/// <param name="Mount">What stands before it in addresses of this server.</param>
internal readonly record struct StreamPath(string Name, string Mount)
{
    public const string Rule = "one or more names with / between them, each of letters and digits and _ . : - @ # $ & + , ; = ~ !, none only dots; 200 bytes together";

    // What stands before it in the name of the channel by which it is decided who may read and write it.
    private const string ChannelPrefix = "stream:";
    private const int MaxBytes = 200;

    /// <summary>The names that the protocol keeps for itself.</summary>
    public bool IsReserved => Name == "__ds" || Name.StartsWith("__ds/", StringComparison.Ordinal);

    /// <summary>Whether it is an output of a task, and its bytes are the task's to write.</summary>
    public bool IsOutput => Name.StartsWith(TaskOutputs.Prefix, StringComparison.Ordinal);

    /// <summary>The channel by which it is decided who may read and write it.</summary>
    public string Channel => ChannelPrefix + Name;

    /// <summary>Whether a pattern of channels speaks of streams.</summary>
    public static bool IsMeantBy(string pattern) => pattern.StartsWith(ChannelPrefix, StringComparison.Ordinal);

    public static StreamPath? TryRead(HttpRequest request)
    {
        var name = (string?)request.RouteValues["path"] ?? "";
        var whole = request.PathBase.Add(request.Path).Value ?? "";
        return IsValid(name) ? new StreamPath(name, whole.EndsWith(name, StringComparison.Ordinal) ? whole[..^name.Length] : "/") : null;
    }

    /// <summary>Another stream of this server, by the path of its address, or by its own; signs in it may be percent-encoded, as in an address.</summary>
    public StreamPath? Other(string path)
    {
        if (path.Contains("%2F", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        path = Uri.UnescapeDataString(path);
        var name = path.StartsWith(Mount, StringComparison.Ordinal) ? path[Mount.Length..] : path.TrimStart('/');
        return IsValid(name) ? this with { Name = name } : null;
    }

    private static bool IsValid(string name) =>
        System.Text.Encoding.UTF8.GetByteCount(name) <= MaxBytes
        && ChannelName.IsValid(ChannelPrefix + name)
        && name.Split('/').All(static part => part.AsSpan().ContainsAnyExcept('.'));
}
