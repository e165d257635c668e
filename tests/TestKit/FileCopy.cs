namespace TestKit;

/// <summary>A copy of a directory that can be put back; deleted when it is disposed.</summary>
public sealed class FileCopy : IDisposable
{
    private readonly string _source;
    private readonly string _copy = Directory.CreateTempSubdirectory("tidings-copy-").FullName;

    public FileCopy(string source)
    {
        _source = source;
        CopyAll(source, _copy);
    }

    /// <summary>Makes the directory what it was when it was copied.</summary>
    public void PutBack()
    {
        foreach (var entry in new DirectoryInfo(_source).EnumerateDirectories())
        {
            entry.Delete(recursive: true);
        }

        foreach (var entry in new DirectoryInfo(_source).EnumerateFiles())
        {
            entry.Delete();
        }

        CopyAll(_copy, _source);
    }

    public void Dispose() => Directory.Delete(_copy, recursive: true);

    private static void CopyAll(string from, string to)
    {
        foreach (var directory in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)), overwrite: true);
        }
    }
}
