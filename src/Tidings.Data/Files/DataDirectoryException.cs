namespace Tidings.Data;

/// <summary>A data directory cannot be used: another process has it, it cannot be written, or a version wrote it that this one does not know.</summary>
public sealed class DataDirectoryException : Exception
{
    /// <inheritdoc cref="DataDirectoryException"/>
    public DataDirectoryException()
        : this("The data directory cannot be used.")
    {
    }

    /// <inheritdoc cref="DataDirectoryException"/>
    public DataDirectoryException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="DataDirectoryException"/>
    public DataDirectoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
