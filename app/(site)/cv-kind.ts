/** What people call a file of this content type. */
export function kindOf(contentType: string): 'pdf' | 'markdown' | 'text' {
  if (contentType === 'application/pdf') return 'pdf'
  return contentType === 'text/markdown' ? 'markdown' : 'text'
}
