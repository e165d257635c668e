using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.Data.Files;

/// <summary>What a data directory says of itself, in a file of a few lines with a checksum.</summary>
internal sealed record Manifest
{
    /// <summary>The version of all formats in a directory.</summary>
    public const int Version = 1;

    private const string Title = "tidings data ";
    private const int SecretBytes = 32;

    /// <summary>What the epochs of all logs follow from. A new one makes them new.</summary>
    public required byte[] Epochs { get; init; }

    /// <summary>What marks of forgotten names are hashed with, for as long as the directory lives.</summary>
    public required byte[] Names { get; init; }

    /// <summary>The start of the machine in which the directory was opened last.</summary>
    public string Boot { get; init; } = "";

    /// <summary>The last segment and its length, where the process closed the directory; 0 while it is open.</summary>
    public (long Segment, long Length) Closed { get; init; }

    public static Manifest New() => new() { Epochs = RandomNumberGenerator.GetBytes(SecretBytes), Names = RandomNumberGenerator.GetBytes(SecretBytes) };

    /// <summary>The same directory with new epochs: positions that clients have are told to be gone.</summary>
    public Manifest Renewed() => this with { Epochs = RandomNumberGenerator.GetBytes(SecretBytes), Closed = default };

    /// <returns>Null where there is none, or none that is whole.</returns>
    /// <exception cref="DataDirectoryException">A newer version wrote it.</exception>
    public static Manifest? Read(DataLayout layout)
    {
        if (!File.Exists(layout.Manifest))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(ReadFile(layout.Manifest));
        var end = text.LastIndexOf("check ", StringComparison.Ordinal);
        if (end < 0 || text[end..] != CheckOf(text[..end]))
        {
            return null;
        }

        var lines = text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines is not [var title, ..] || !title.StartsWith(Title, StringComparison.Ordinal) || !int.TryParse(title[Title.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return null;
        }

        if (version > Version)
        {
            throw new DataDirectoryException($"The data directory {layout.Root} has format {version}, which a newer version of Tidings wrote; this one reads up to {Version}. Start the newer version, or restore a backup of the older one.");
        }

        // What a later version of the same format adds is passed over.
        var values = lines.Skip(1).Select(static line => line.Split(' ', 2)).Where(static line => line.Length == 2).ToDictionary(static line => line[0], static line => line[1], StringComparer.Ordinal);
        var closed = values.GetValueOrDefault("closed", "0 0").Split(' ');
        return new Manifest
        {
            Epochs = Convert.FromHexString(values["epochs"]),
            Names = Convert.FromHexString(values["names"]),
            Boot = values.GetValueOrDefault("boot", ""),
            Closed = (long.Parse(closed[0], CultureInfo.InvariantCulture), long.Parse(closed[1], CultureInfo.InvariantCulture)),
        };
    }

    /// <summary>Puts it in the place of the former one; after that it is on disk.</summary>
    public void Write(DataLayout layout)
    {
        var unfinished = layout.Manifest + DataLayout.UnfinishedEnding;
        using (var file = PrivateFile.Create(unfinished))
        {
            RandomAccess.Write(file, Encode(), 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(unfinished, layout.Manifest, overwrite: true);
        Unix.SyncDirectory(layout.Root);
    }

    /// <summary>What stands in the file.</summary>
    public byte[] Encode()
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Title}{Version}\nepochs {Convert.ToHexStringLower(Epochs)}\nnames {Convert.ToHexStringLower(Names)}\nboot {Boot}\nclosed {Closed.Segment} {Closed.Length}\n");
        return Encoding.UTF8.GetBytes(text + CheckOf(text));
    }

    private static byte[] ReadFile(string path)
    {
        const int Longest = 4096;
        using var file = File.OpenHandle(path);
        var bytes = new byte[Longest];
        return bytes[..RandomAccess.Read(file, bytes, 0)];
    }

    private static string CheckOf(string text) => string.Create(CultureInfo.InvariantCulture, $"check {Crc32C.Of(Encoding.UTF8.GetBytes(text)):x8}\n");
}
